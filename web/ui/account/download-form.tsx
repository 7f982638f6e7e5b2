/** Downloads the data of the account, as a JSON file. */

import type { LiveChat } from "../chat.js";
import { text } from "../text/index.js";
import { toast } from "../toast.js";
import { AccountForm } from "./account-form.js";

/** Lets the browser save a value as a JSON file. */
const save = (value: unknown, name: string): void => {
  const file = new Blob([JSON.stringify(value, null, 2)], { type: "application/json" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // Safari reads the file after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
};

export const DownloadForm = ({ live }: { live: LiveChat }) => {
  const words = text.account;
  const route =
    live.chat.role === "company" ? "GET /companies/me/export" : "GET /customers/me/export";
  return (
    <AccountForm
      action={words.download}
      check={() => ({})}
      send={async () => {
        const data = await live.chat.call(route);
        // The Swedish format is that of ISO 8601, with the date of this time zone.
        save(data, `chatchat-${new Date().toLocaleDateString("sv")}.json`);
        toast(words.downloaded);
      }}
      labels={{}}
    >
      {() => <p>{words.downloadHint}</p>}
    </AccountForm>
  );
};
