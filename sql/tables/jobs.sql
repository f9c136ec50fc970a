-- Jobs of the HTTP front. The row is the truth; Redis only says which job is next.
CREATE TABLE rawdata.jobs (
    id          uuid        NOT NULL CONSTRAINT jobs_pkey PRIMARY KEY,
    kind        text        NOT NULL DEFAULT 'export' CONSTRAINT jobs_kind_known CHECK (kind IN ('export', 'update')),
    request     jsonb       NOT NULL,
    status      text        NOT NULL DEFAULT 'queued'
                CONSTRAINT jobs_status_known CHECK (status IN ('queued', 'started', 'success', 'failure', 'revoked', 'expired')),
    attempt     integer     NOT NULL DEFAULT 0,
    returned    integer     NOT NULL DEFAULT 0,
    worker      text,
    -- json keeps the order of the members as clients know it
    result      json,
    reason      text,
    file_size   bigint,
    queued_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at  timestamptz,
    finished_at timestamptz,
    CONSTRAINT jobs_result_of_success CHECK (status <> 'success' OR result IS NOT NULL AND file_size IS NOT NULL),
    CONSTRAINT jobs_reason_of_failure CHECK (status <> 'failure' OR reason IS NOT NULL)
);

CREATE INDEX jobs_open ON rawdata.jobs (queued_at) WHERE status IN ('queued', 'started');
-- One update at a time, however many workers want one.
CREATE UNIQUE INDEX jobs_one_update ON rawdata.jobs (kind) WHERE kind = 'update' AND status IN ('queued', 'started');
CREATE INDEX jobs_done ON rawdata.jobs (finished_at) WHERE status NOT IN ('queued', 'started');

COMMENT ON TABLE rawdata.jobs IS 'Jobs of the workers: what was asked, who works at it, how it ended';
COMMENT ON COLUMN rawdata.jobs.id IS 'Number of the job, the task_id of the API';
COMMENT ON COLUMN rawdata.jobs.kind IS 'export: asked for over HTTP; update: a look at the replication server, whose row goes when it has ended';
COMMENT ON COLUMN rawdata.jobs.request IS 'Of an export the request with all defaults filled in, as rawdata.export takes it; of an update the server that its worker was told of';
COMMENT ON COLUMN rawdata.jobs.status IS 'queued, started, success, failure, revoked, or expired (succeeded, and the file was removed since)';
COMMENT ON COLUMN rawdata.jobs.attempt IS 'Fencing number: raised by each claim; only the worker that holds it writes the outcome';
COMMENT ON COLUMN rawdata.jobs.returned IS 'Attempts that a stopping worker gave back; attempt - returned is the number of tries';
COMMENT ON COLUMN rawdata.jobs.worker IS 'Name of the worker that claimed the job last';
COMMENT ON COLUMN rawdata.jobs.result IS 'The result object of the API, where the job succeeded';
COMMENT ON COLUMN rawdata.jobs.reason IS 'Why the job failed, in a sentence for the one who asked';
COMMENT ON COLUMN rawdata.jobs.file_size IS 'Size of the finished file in bytes';
COMMENT ON COLUMN rawdata.jobs.queued_at IS 'When the job was put in the queue, last';
COMMENT ON COLUMN rawdata.jobs.started_at IS 'When it was claimed, last';
COMMENT ON COLUMN rawdata.jobs.finished_at IS 'When it ended';

-- Requests hold areas and names of others: only the front reads them.
REVOKE ALL ON rawdata.jobs FROM PUBLIC;
