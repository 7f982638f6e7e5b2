/** The picture of the account, with buttons that change and remove it. */

import { ChatError } from "@chatchat/client";
import { useSignal } from "@preact/signals";
import { useId, useRef } from "preact/hooks";
import { Avatar } from "../avatar.js";
import type { LiveChat } from "../chat.js";
import { errorText } from "../error-text.js";
import { MAX_PICTURE_BYTES, PICTURE_TYPES } from "../limits.js";
import { text } from "../text/index.js";
import { fieldProblem } from "./problems.js";

export interface PictureFieldProps {
  live: LiveChat;
  /** The account, for the initials in place of a picture. */
  id: number;
  name: string;
  /** The path of the picture that the profile has. */
  url: string | null;
  /** Called after the profile has this picture; null after it was removed. */
  onChanged: (url: string | null) => void;
}

export const PictureField = ({ live, id, name, url, onChanged }: PictureFieldProps) => {
  const words = text.account;
  const hintId = useId();
  const input = useRef<HTMLInputElement>(null);
  const error = useSignal<string | undefined>(undefined);
  /** Aborts the change that is under way. */
  const underWay = useSignal<AbortController | undefined>(undefined);
  const isCompany = live.chat.role === "company";

  /**
   * Sets the picture of the profile to the path that `find` returns. A failure keeps the old one.
   */
  const change = async (find: (signal: AbortSignal) => Promise<string | null>): Promise<void> => {
    const abort = new AbortController();
    underWay.value = abort;
    error.value = undefined;
    try {
      const imageUrl = await find(abort.signal);
      const route = isCompany ? "PATCH /companies/me" : "PATCH /customers/me";
      await live.chat.call(route, { body: { imageUrl }, signal: abort.signal });
      onChanged(imageUrl);
    } catch (failed) {
      const [field] = (failed instanceof ChatError && failed.fields) || [];
      if (!abort.signal.aborted) error.value = field ? fieldProblem(field) : errorText(failed);
    } finally {
      underWay.value = undefined;
    }
  };

  const upload = (file: File): void => {
    if (!PICTURE_TYPES.includes(file.type)) error.value = words.pictureType;
    else if (file.size > MAX_PICTURE_BYTES) error.value = words.pictureSize;
    else {
      void change(async (signal) => {
        const body = new FormData();
        body.append("file", file);
        const query = { folder: "profile" } as const;
        return (await live.chat.call("POST /files", { query, body, signal })).url;
      });
    }
  };

  return (
    <div class="picture-field">
      <Avatar id={id} name={name} url={url} size={96} kind={isCompany ? "company" : "person"} />
      <div class="picture-actions">
        <input
          ref={input}
          type="file"
          class="visually-hidden"
          tabIndex={-1}
          aria-hidden="true"
          accept={PICTURE_TYPES.join()}
          onChange={(event) => {
            const [file] = event.currentTarget.files ?? [];
            event.currentTarget.value = "";
            if (file) upload(file);
          }}
        />
        {underWay.value ? (
          <>
            <progress aria-label={words.uploading} />
            <button type="button" class="button" onClick={() => underWay.value?.abort()}>
              {text.cancel}
            </button>
          </>
        ) : (
          <>
            <button
              type="button"
              class="button"
              aria-describedby={hintId}
              onClick={() => input.current?.click()}
            >
              {url ? words.changePicture : words.addPicture}
            </button>
            {url && (
              <button
                type="button"
                class="button button-quiet"
                onClick={() => void change(async () => null)}
              >
                {words.removePicture}
              </button>
            )}
          </>
        )}
        <p class="dim" id={hintId}>
          {words.pictureHint}
        </p>
        <p class="error" role="alert">
          {error.value}
        </p>
      </div>
    </div>
  );
};
