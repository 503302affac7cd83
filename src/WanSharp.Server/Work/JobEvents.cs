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
    /// <summary>A look at a job and the telling of it, with nothing told in between.</summary>
    private readonly Lock _gate = new();

    private static readonly byte[] ResetBody = "{\"object\":\"event\",\"type\":\"reset\"}"u8.ToArray();

    /// <inheritdoc/>
    public void Report(JobEvent value)
    {
        var id = value.Job.Id;
        switch (value.Kind)
        {
            case JobEventKind.Started:
                board.Start(id);
                lock (_gate)
                {
                    Publish(EventTypes.Started, value.Job);
                }

                break;
            case JobEventKind.Progressed:
                if (board.Move(id, value.Progress) is (_, true))
                {
                    Publish(EventTypes.Progress, value.Job, position: value.Progress);
                }

                break;
            default:
                board.End(id);
                if (value.Kind is JobEventKind.Succeeded or JobEventKind.Failed or JobEventKind.Cancelled)
                {
                    metrics.End(value.Job);
                }

                Publish(
                    value.Kind switch
                    {
                        JobEventKind.Succeeded => EventTypes.Completed,
                        JobEventKind.Failed or JobEventKind.Cancelled => EventTypes.Failed,
                        _ => EventTypes.Queued,
                    },
                    value.Job
                );
                break;
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
        board.Show(job.Id, frames);
        Publish(EventTypes.Preview, job, frames.Step);
        return ValueTask.CompletedTask;
    }

    /// <summary>Tells how a job is now: what was told before it was so before.</summary>
    /// <param name="id">The job's number.</param>
    /// <param name="only">The state in which it is told; null for any.</param>
    public void Tell(long id, JobState? only = null)
    {
        lock (_gate)
        {
            if (store.Find(id) is { } job && (only is null || job.State == only))
            {
                Publish(TypeOf(job.State), job);
            }
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
