/** `/desk/start`: the checklist of a new company. */

import type { ComponentChildren } from "preact";
import { Link } from "wouter-preact";
import { errorText } from "../ui/error-text.js";
import { ForwardIcon } from "../ui/icons.js";
import { Empty, Failed, Skeleton } from "../ui/list-states.js";
import { Page } from "../ui/page.js";
import { text as shared } from "../ui/text/index.js";
import { useDesk } from "./desk-state.js";
import { DoneIcon } from "./icons.js";
import { useProgress } from "./progress.js";
import { text } from "./text/index.js";
import "./start.css";

export const Start = () => {
  const { company, faq, inbox } = useDesk();
  const progress = useProgress().value;
  const profile = company.value.value;
  const error = company.error.value ?? faq.error.value ?? inbox.store.value.error.value;
  if (!progress || !profile) {
    const retry = (): void => {
      company.reload();
      faq.reload();
      inbox.store.value.refresh();
    };
    return (
      <Page title={text.start.title}>
        {error ? <Failed title={errorText(error)} onRetry={retry} /> : <Skeleton rows={4} />}
      </Page>
    );
  }
  const steps = Object.values(progress);
  const done = steps.filter(Boolean).length;
  if (done === steps.length) {
    return (
      <Page title={text.start.finished} class="notice">
        <Empty title={text.start.finishedHint}>
          <Link href="~/desk" class="button button-primary">
            {text.start.toRooms}
          </Link>
        </Empty>
      </Page>
    );
  }
  return (
    <Page title={text.start.title}>
      <p class="dim">{text.start.intro}</p>
      <div class="start-progress">
        <progress value={done} max={steps.length} aria-labelledby="start-progress" />
        <span class="dim" id="start-progress">
          {text.start.progress(done, steps.length)}
        </span>
      </div>
      <ol class="start-steps">
        <Step
          isDone={progress.profile}
          title={text.start.picture}
          hint={text.start.pictureHint}
          href="/profile"
        />
        <Step isDone={progress.faq} title={text.start.faq} hint={text.start.faqHint} href="/faq" />
        <Step
          isDone={progress.visible}
          title={text.start.visible}
          hint={text.start.visibleHint}
          href="/profile"
        />
        <Step isDone={progress.trial} title={text.start.trial} hint={text.start.trialHint}>
          {profile.profileVisibility ? (
            <a class="button" href={`/c/${profile.id}`} target="_blank" rel="noopener">
              {text.start.trialAction}
              <span class="visually-hidden"> ({shared.newTab})</span>
            </a>
          ) : (
            <p class="dim">{text.start.trialNeedsVisible}</p>
          )}
        </Step>
      </ol>
    </Page>
  );
};

interface StepProps {
  isDone: boolean;
  title: string;
  hint: string;
  /** The page where the step is done; without it the children have a link. */
  href?: string;
  children?: ComponentChildren;
}

const Step = ({ isDone, title, hint, href, children }: StepProps) => {
  const body = (
    <>
      <span class="start-mark">{isDone && <DoneIcon />}</span>
      <span class="start-text">
        <strong>{title}</strong>
        <span class="visually-hidden"> {isDone ? text.start.done : text.start.todo} </span>
        <span class="dim">{hint}</span>
      </span>
    </>
  );
  return (
    <li class={`start-step ${isDone ? "is-done" : ""}`}>
      {href ? (
        <Link href={href} class="start-link">
          {body}
          <ForwardIcon />
        </Link>
      ) : (
        <div>{body}</div>
      )}
      {children}
    </li>
  );
};
