import { useTexts } from "@/shared/texts";
import { Row, Rows } from "./Panel";
import { Skeleton } from "./Skeleton";

const SHAPES = ["40%", "55%", "35%"];

/** The shape of a list that is on its way. */
export function Waiting() {
  const { t } = useTexts();
  return (
    <div aria-busy="true" role="status" aria-label={t("loading")}>
      <Rows>
        {SHAPES.map((width) => (
          <Row key={width} title={<Skeleton width={width} />} />
        ))}
      </Rows>
    </div>
  );
}
