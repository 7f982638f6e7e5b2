/** A question and its answer as customers see them. */

export const FaqPreview = ({ question, answer }: { question: string; answer: string }) => (
  <div class="faq-preview">
    <p class="faq-question">{question}</p>
    <p class="faq-bubble">{answer}</p>
  </div>
);
