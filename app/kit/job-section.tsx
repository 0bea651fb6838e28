import { JobCard } from "@/components/chat/tools/job-card";
import { Case, Column } from "./case";

const cancel = () => Promise.resolve();

/** A job that runs in the background, in each of its states. */
export function JobSection() {
  return (
    <Case name="Job card">
      <Column className="gap-3">
        <JobCard name="Yearly report" progress={undefined} />
        <JobCard name="Yearly report" progress={{ state: "running", done: 7, total: 20 }} onCancel={cancel} />
        <JobCard name="Yearly report" progress={{ state: "done", done: 20, total: 20 }} />
        <JobCard name="Yearly report" progress={{ state: "canceled", done: 7, total: 20 }} />
        <JobCard name="Yearly report" progress={{ state: "failed", done: 7, total: 20 }} />
        <JobCard
          name="The report of everything that happened in all the departments since the beginning of the year"
          progress={undefined}
          problem="Can't reach the server. Check your connection and try again."
        />
      </Column>
    </Case>
  );
}
