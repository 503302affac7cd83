using System.Text.Json;
using WanSharp.Engine;
using WanSharp.Jobs;
using WanSharp.Jobs.Running;
using WanSharp.Jobs.Storage;
using WanSharp.Server.Contract;
using WanSharp.Server.Events;
using WanSharp.Server.Telemetry;

namespace WanSharp.Server.Work;

/// <summary>Tells listeners what happens to jobs, and notes how far they come. Thread-safe.</summary>
internal sealed class JobEvents(
    JobStore store,
    VideoObjects videos,
    ProgressBoard board,
    EventHub hub,
    ServerMetrics metrics,
    TimeProvider clock
) : IProgress<JobEvent>
{
    /// <summary>How many jobs at once are told of one by one.</summary>
    private const int MostAnnounced = 64;

    /// <summary>
    /// A look at a job and the telling of its state, with no other state told in between: the last one told is the one it has.
    /// </summary>
    private readonly Lock _gate = new();

    private static readonly byte[] ResetBody = "{\"object\":\"event\",\"type\":\"reset\"}"u8.ToArray();

    /// <inheritdoc/>
    public void Report(JobEvent value)
    {
        if (value.Kind == JobEventKind.Progressed)
        {
            lock (_gate)
            {
                if (board.Move(value.Job.Id, value.Progress))
                {
                    Publish(EventTypes.Progress, value.Job, position: value.Progress);
                }
            }

            return;
        }

        lock (_gate)
        {
            if (value.Kind != JobEventKind.Started)
            {
                Leave(value);
            }
            else if (Now(value.Job.Id) is not null)
            {
                board.Start(value.Job.Id);
                Publish(EventTypes.Started, value.Job);
            }
        }
    }

    /// <summary>How a job is now; null for one that was deleted, of which nothing more is told.</summary>
    private Job? Now(long id) => store.Find(id) is { IsRemoved: false } job ? job : null;

    /// <summary>
    /// Tells how an attempt ended, and how the job is by now where that is something else: somebody may have had it tried again.
    /// </summary>
    private void Leave(JobEvent value)
    {
        var now = Now(value.Job.Id);
        if (now?.State != JobState.Running)
        {
            board.End(value.Job.Id);
        }

        if (value.Kind is JobEventKind.Succeeded or JobEventKind.Failed or JobEventKind.Cancelled)
        {
            metrics.End(value.Job);
            if (now is not null)
            {
                Publish(value.Kind == JobEventKind.Succeeded ? EventTypes.Completed : EventTypes.Failed, value.Job);
                if (now.State != value.Job.State)
                {
                    Publish(TypeOf(now.State), now);
                }
            }
        }
        else if (value.Kind != JobEventKind.Removed && now is not null)
        {
            Publish(TypeOf(now.State), now); // it waits, or was started again already
        }
    }

    /// <summary>The type of the event that says that a job is in a state.</summary>
    public static string TypeOf(JobState state) =>
        state switch
        {
            JobState.Queued => EventTypes.Queued,
            JobState.Running => EventTypes.Started,
            JobState.Succeeded => EventTypes.Completed,
            _ => EventTypes.Failed,
        };

    /// <summary>Shows an estimate of a clip.</summary>
    public ValueTask ShowAsync(Job job, PreviewFrames frames, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (board.Show(job.Id, frames))
            {
                Publish(EventTypes.Preview, job, frames.Step);
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Tells how a job is now: what was told before it was so before.</summary>
    /// <param name="id">The job's number.</param>
    /// <param name="only">The state in which it is told; null for any.</param>
    public void Tell(long id, JobState? only = null)
    {
        lock (_gate)
        {
            if (Now(id) is { } job && (only is null || job.State == only))
            {
                Publish(TypeOf(job.State), job);
            }
        }
    }

    /// <summary>Tells what became of jobs; of very many only that a list of them is old.</summary>
    /// <param name="ids">Those that were changed: a program that follows events does again what it does for each.</param>
    public void Tell(IReadOnlyCollection<long> ids)
    {
        if (ids.Count > MostAnnounced)
        {
            Reset();
            return;
        }

        foreach (var id in ids)
        {
            Tell(id);
        }
    }

    /// <summary>Tells that a job was deleted: nothing about it follows.</summary>
    public void Delete(Job job)
    {
        lock (_gate)
        {
            board.End(job.Id);
            Publish(EventTypes.Deleted, job);
        }
    }

    /// <summary>Tells that many jobs were deleted.</summary>
    public void Delete(IReadOnlyCollection<long> ids)
    {
        lock (_gate)
        {
            foreach (var id in ids)
            {
                board.End(id);
            }

            Reset();
        }
    }

    /// <summary>Tells that so much happened that lists of videos are old.</summary>
    public void Reset() => hub.Publish(EventTypes.Reset, subject: null, batch: null, owner: null, ResetBody);

    /// <summary>Tells that something happened to a job.</summary>
    /// <param name="type">One of <see cref="EventTypes"/>.</param>
    /// <param name="job">The job as it is now.</param>
    /// <param name="preview">The step of a new preview.</param>
    /// <param name="position">What it does now.</param>
    public void Publish(string type, Job job, int? preview = null, GenerationProgress? position = null)
    {
        var end = type is EventTypes.Completed or EventTypes.Failed
            ? EventEnd.Of(job) ?? new EventEnd(job.Output, clock.GetUtcNow())
            : null;
        hub.Publish(type, VideoId.OfFile(job.Output), job.Batch, job.Owner, BodyOf(type, job, preview, position), end);
    }

    /// <summary>An event as JSON, in one line.</summary>
    /// <inheritdoc cref="Publish" path="/param"/>
    public byte[] BodyOf(string type, Job job, int? preview = null, GenerationProgress? position = null)
    {
        var video = videos.From(job);
        var body = new EventBody(type, clock.GetUtcNow().ToUnixTimeSeconds(), video)
        {
            Stage = position?.Stage.ToString().ToLowerInvariant(),
            Done = position?.Done,
            Total = position?.Total,
            PreviewUrl = preview is { } step ? $"/v1/videos/{video.Id}/preview?step={step}" : null,
        };
        return JsonSerializer.SerializeToUtf8Bytes(body, ServerJson.Readable.EventBody);
    }
}
