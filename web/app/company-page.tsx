/**
 * `/c/{id}`: a company's profile and FAQ. With `?chat`, its room opens as soon as a customer is
 * logged in.
 */

import type { ChatError } from "@chatchat/client";
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Link, useLocation, useSearch } from "wouter-preact";
import { Avatar } from "../ui/avatar.js";
import type { LiveChat } from "../ui/chat.js";
import { errorText } from "../ui/error-text.js";
import { DownIcon } from "../ui/icons.js";
import { Empty, Failed, Skeleton } from "../ui/list-states.js";
import { withNext } from "../ui/next.js";
import { Page } from "../ui/page.js";
import { useResource } from "../ui/resource.js";
import { whileUnavailable } from "../ui/retry.js";
import { text } from "./text/index.js";
import "./company.css";

export const CompanyPage = ({ live, id }: { live: LiveChat; id: number }) => {
  const words = text.company;
  const { chat } = live;
  const account = live.account.value;
  /** The account that sent the last request. */
  const askedAs = useRef<number | undefined>(undefined);
  const profile = useResource(
    async (signal) => {
      askedAs.current = chat.account;
      const [company, { autoReplies }] = await Promise.all([
        chat.call("GET /companies/{id}", { path: { id }, signal }),
        chat.call("GET /auto-replies", { query: { companyId: id }, signal }),
      ]);
      return { company, autoReplies };
    },
    [id],
  );
  const error = profile.error.value;
  const isGone = error?.code === "company_not_found";
  // A customer who has a room with a hidden company can see it.
  const mayBeHidden = isGone && (live.session.value === "unknown" || askedAs.current !== account);
  useEffect(() => {
    if (isGone && askedAs.current !== account) profile.reload();
  }, [isGone, account]);
  if (isGone && !mayBeHidden) {
    return (
      <Page title={words.notFound} class="notice">
        <Empty title={words.notFoundHint}>
          <Link href="/" class="button button-primary">
            {words.findOthers}
          </Link>
        </Empty>
      </Page>
    );
  }
  if (!profile.value.value) {
    return (
      <Page title={words.title} back="/" class="company">
        <Avatar id={id} name="" url={undefined} size={96} kind="company" />
        {error && !isGone ? (
          <Failed title={errorText(error)} onRetry={profile.reload} />
        ) : (
          <Skeleton rows={4} />
        )}
      </Page>
    );
  }
  const { company, autoReplies } = profile.value.value;
  return (
    <Page title={company.name} back="/" class="company">
      <Avatar id={id} name={company.name} url={company.imageUrl} size={96} kind="company" />
      <p class={company.description ? "company-description" : "dim"}>
        {company.description || words.noDescription}
      </p>
      {autoReplies.length > 0 && (
        <section class="company-faq">
          <h2>{words.faq}</h2>
          {autoReplies.map(({ id, question, answer }) => (
            <details key={id}>
              <summary>
                {question}
                <DownIcon />
              </summary>
              <p>{answer}</p>
            </details>
          ))}
        </section>
      )}
      <ChatButton live={live} id={id} />
    </Page>
  );
};

const ChatButton = ({ live, id }: { live: LiveChat; id: number }) => {
  const words = text.company;
  const [path, navigate] = useLocation();
  const isAsked = new URLSearchParams(useSearch()).has("chat");
  /** Whether the user has asked for the room, which may need a login first. */
  const isWanted = useSignal(false);
  const error = useSignal<ChatError | undefined>(undefined);
  const session = live.session.value;

  useEffect(() => {
    if (!isAsked) return;
    // Otherwise the Back button would ask again.
    navigate(path, { replace: true });
    isWanted.value = true;
  }, [isAsked]);

  useEffect(() => {
    if (!isWanted.value || session === "unknown") return;
    if (session !== "loggedIn") {
      isWanted.value = false;
      navigate(withNext("/login", `${path}?chat`));
      return;
    }
    const life = new AbortController();
    error.value = undefined;
    const body = { companyId: id };
    whileUnavailable(() =>
      live.chat.call("POST /customer/chatrooms", { body, signal: life.signal }),
    ).then(
      ({ chatRoomId }) => {
        if (!life.signal.aborted) navigate(`/rooms/${chatRoomId}`);
      },
      (failed) => {
        if (life.signal.aborted) return;
        isWanted.value = false;
        error.value = failed;
      },
    );
    return () => life.abort();
  }, [isWanted.value, session]);

  return (
    <div class="company-chat">
      <p class="error" role="alert">
        {error.value && errorText(error.value)}
      </p>
      <button
        type="button"
        class="button button-primary button-wide"
        aria-disabled={isWanted.value}
        onClick={() => {
          isWanted.value = true;
        }}
      >
        {isWanted.value ? words.opening : words.chat}
      </button>
    </div>
  );
};
