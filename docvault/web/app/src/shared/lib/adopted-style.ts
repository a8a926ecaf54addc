/**
 * What `react-style-singleton` offers, with a constructed style sheet instead of a `<style>` element:
 * the page's Content-Security-Policy lets no inline style in, and this one needs none.
 */
import { useEffect } from "react";

type Sheet = { add: (css: string) => void; remove: () => void };

export function stylesheetSingleton(): Sheet {
  let users = 0;
  let sheet: CSSStyleSheet | undefined;
  return {
    add(css) {
      users += 1;
      if (sheet) return;
      sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    },
    remove() {
      users -= 1;
      if (users > 0 || !sheet) return;
      const gone = sheet;
      sheet = undefined;
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((kept) => kept !== gone);
    },
  };
}

export function styleHookSingleton(): (styles: string, isDynamic?: boolean) => void {
  const sheet = stylesheetSingleton();
  return (styles, isDynamic) => {
    // biome-ignore lint/correctness/useExhaustiveDependencies: a static sheet keeps its first styles.
    useEffect(() => {
      sheet.add(styles);
      return () => sheet.remove();
    }, [styles && isDynamic]);
  };
}

export function styleSingleton(): (props: { styles: string; dynamic?: boolean }) => null {
  const useStyle = styleHookSingleton();
  // biome-ignore lint/correctness/noComponentHookFactories: the original's interface is a factory.
  return function Style({ styles, dynamic }) {
    useStyle(styles, dynamic);
    return null;
  };
}
