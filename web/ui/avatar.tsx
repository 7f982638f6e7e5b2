/** The picture of an account, or its initials. It is beside the name, so screen readers skip it. */

import { useState } from "preact/hooks";
import { initials } from "./initials.js";
import "./avatar.css";

export interface AvatarProps {
  id: number;
  name: string;
  /** The path of the picture. */
  url: string | null | undefined;
  size: 36 | 44 | 96;
  kind: "person" | "company";
}

const HUES = 8;

export const Avatar = ({ id, name, url, size, kind }: AvatarProps) => {
  /** The path of a picture that could not be loaded. */
  const [brokenUrl, setBrokenUrl] = useState<string>();
  return (
    <span class={`avatar avatar-${size} avatar-${kind} hue-${id % HUES}`} aria-hidden="true">
      {url && url !== brokenUrl ? (
        <img
          src={url}
          alt=""
          width={size}
          height={size}
          loading="lazy"
          onError={() => setBrokenUrl(url)}
        />
      ) : (
        initials(name, kind)
      )}
    </span>
  );
};
