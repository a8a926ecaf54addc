import admin from "./en/admin.json";
import chat from "./en/chat.json";
import common from "./en/common.json";
import failures from "./en/failures.json";
import library from "./en/library.json";
import problems from "./en/problems.json";
import reader from "./en/reader.json";
import search from "./en/search.json";
import session from "./en/session.json";
import settings from "./en/settings.json";
import uploads from "./en/uploads.json";

const english = {
  admin,
  chat,
  common,
  failures,
  library,
  problems,
  reader,
  search,
  session,
  settings,
  uploads,
};
export type English = typeof english;
export default english;
