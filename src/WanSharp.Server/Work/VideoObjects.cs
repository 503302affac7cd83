using System.Globalization;
using System.Text.Json;
using WanSharp.Jobs;
using WanSharp.Server.Contract;
using WanSharp.Server.Http;

namespace WanSharp.Server.Work;

/// <summary>Shows jobs as the videos API does.</summary>
/// <param name="options">How long clips are kept.</param>
/// <param name="board">How far jobs have come.</param>
internal sealed class VideoObjects(ServerOptions options, ProgressBoard board)
{
    /// <summary>A job as a video.</summary>
    public VideoObject From(Job job)
    {
        var details = VideoDetails.FromJson(job.Details);
        using var settings = JsonDocument.Parse(job.Settings ?? "{}");
        var clip = settings.RootElement;
        var (width, height) = (Number(clip, "width"), Number(clip, "height"));
        var (frames, fps) = (Frames(clip), Number(clip, "fps"));
        var isDone = job.State == JobState.Succeeded;
        return new VideoObject
        {
            Id = VideoId.OfFile(job.Output),
            Model = details?.Model ?? Text(clip, "model") ?? "",
            Prompt = details?.Prompt ?? job.Request.Template ?? job.Request.Prompt,
            Status = StatusOf(job.State),
            Progress = isDone ? 100 : (board.Find(job.Id)?.Percent ?? 0),
            CreatedAt = details is null ? job.QueuedAt.ToUnixTimeSeconds() : details.CreatedAt / 1000,
            CompletedAt = isDone ? job.FinishedAt?.ToUnixTimeSeconds() : null,
            ExpiresAt = isDone && options.Keep is { } keep ? (job.FinishedAt + keep)?.ToUnixTimeSeconds() : null,
            Error = ErrorOf(job),
            RemixedFromVideoId = details?.RemixedFrom,
            SourceVideoId = details?.Source,
            Seconds = fps > 0 ? ((double)frames / fps).ToString("0.###", CultureInfo.InvariantCulture) : "0",
            Size = string.Create(CultureInfo.InvariantCulture, $"{width}x{height}"),
            Seed = job.Request.Seed ?? 0,
            Fps = fps,
            NumFrames = frames,
            NumInferenceSteps = Number(clip, "steps"),
            Priority = job.Priority,
            Paused = job is { IsHeld: true, State: JobState.Queued or JobState.Running },
            Place = job.State == JobState.Queued ? job.Place : null,
            Owner = job.Owner,
            MediaType = MediaTypes.Of(job.Output),
            InferenceTime = isDone ? job.Outcome?.ComputeSeconds : null,
            Style = job.Style,
            BatchId = job.Batch,
            User = details?.User,
            StartedAt = job.StartedAt?.ToUnixTimeSeconds(),
            Attempts = job.Attempts,
            FromCache = isDone ? job.Outcome?.FromCache : null,
            Sha256 = isDone ? job.Sha256 : null,
            Notes = job.Outcome?.Notes is { } notes ? ClientText.OfAll(notes) : null,
        };
    }

    /// <summary>Why a job failed, as clients read it; null where it did not.</summary>
    public static string? ReasonOf(Job job) => job.Error is { } error ? ClientText.Of(error) : null;

    private static string StatusOf(JobState state) =>
        state switch
        {
            JobState.Queued => "queued",
            JobState.Running => "in_progress",
            JobState.Succeeded => "completed",
            _ => "failed",
        };

    private static VideoError? ErrorOf(Job job) =>
        job.State switch
        {
            JobState.Failed => new VideoError("generation_failed", ReasonOf(job) ?? "It could not be made."),
            JobState.Cancelled => new VideoError("cancelled", "It was cancelled."),
            _ => null,
        };

    /// <summary>The frames of a clip, or of a film, whose settings are those of its sections.</summary>
    private static int Frames(JsonElement settings) =>
        Number(settings.TryGetProperty("made", out var film) && film.ValueKind == JsonValueKind.Object ? film : settings, "frames");

    private static int Number(JsonElement settings, string name) =>
        settings.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number)
            ? number
            : 0;

    private static string? Text(JsonElement settings, string name) =>
        settings.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
