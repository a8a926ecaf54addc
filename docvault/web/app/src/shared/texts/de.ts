import admin from "./de/admin.json";
import chat from "./de/chat.json";
import common from "./de/common.json";
import failures from "./de/failures.json";
import library from "./de/library.json";
import problems from "./de/problems.json";
import reader from "./de/reader.json";
import search from "./de/search.json";
import session from "./de/session.json";
import settings from "./de/settings.json";
import uploads from "./de/uploads.json";
import type { English } from "./en";

const german: English = {
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

export default german;
