/**
 * The picture of an account over its initials, which are visible until the picture is loaded. The
 * name is shown beside the avatar, so screen readers skip the avatar.
 */

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
      {initials(name, kind)}
      {url && url !== brokenUrl && (
        <img
          key={url}
          src={url}
          alt=""
          width={size}
          height={size}
          loading="lazy"
          onLoad={({ currentTarget }) => currentTarget.classList.add("is-loaded")}
          onError={() => setBrokenUrl(url)}
        />
      )}
    </span>
  );
};
