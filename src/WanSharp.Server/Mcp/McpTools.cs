using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol.Server;
using WanSharp.Hosting;
using WanSharp.Jobs;
using WanSharp.Jobs.Batches;
using WanSharp.Jobs.Storage;
using WanSharp.Media.Clips;
using WanSharp.Server.Contract;
using WanSharp.Server.Events;
using WanSharp.Server.Http;
using WanSharp.Server.Videos;
using WanSharp.Server.Work;
using WanSharp.Tools.Compare;

namespace WanSharp.Server.Mcp;

/// <summary>What agents can do with the server, over any transport. Thread-safe.</summary>
/// <param name="host">Where ffmpeg is.</param>
/// <param name="queue">The videos.</param>
/// <param name="forms">Reads requests.</param>
/// <param name="formats">What they are written as.</param>
/// <param name="board">How far videos have come.</param>
/// <param name="hub">What happens to them.</param>
internal sealed class McpTools(WanHost host, VideoQueue queue, VideoForms forms, ServedFormats formats, ProgressBoard board, EventHub hub)
{
    private const int LongestWait = 3600;
    private const int UsualWait = 600;
    private const int LargestPage = 100;
    private const string IdHelp = "The video's id, as generate gave it.";

    private static readonly Dictionary<string, JobState> States = new()
    {
        ["queued"] = JobState.Queued,
        ["in_progress"] = JobState.Running,
        ["completed"] = JobState.Succeeded,
        ["failed"] = JobState.Failed,
        ["cancelled"] = JobState.Cancelled,
    };

    /// <summary>All tools.</summary>
    /// <param name="showsFiles">Whether the agent is on this machine, and told where files are.</param>
    public IReadOnlyList<McpServerTool> All(bool showsFiles) =>
        [
            Tool(
                "generate",
                "Make a video from a text, and pictures if there are any. Returns its id at once, or the video itself with wait.",
                McpSchema.Of([.. Request(), ("wait", McpSchema.Flag("Return when the video is done, not at once.")), Timeout()], "prompt"),
                changes: true,
                (call, token) => GenerateAsync(call, showsFiles, token)
            ),
            Tool(
                "wait",
                "Wait until a video is completed or failed, and tell how far it comes. After timeout_s it returns its state by then.",
                McpSchema.Of([("id", McpSchema.Text(IdHelp)), Timeout()], "id"),
                changes: false,
                (call, token) => WaitAsync(call, queue.Require(call.Require("id"), call.Caller), showsFiles, token)
            ),
            Tool(
                "list",
                "List videos, the newest first.",
                McpSchema.Of([
                    ("status", McpSchema.Choice("Those in this state alone.", States.Keys)),
                    ("limit", McpSchema.Number("The most videos. Default: 20.", 1, LargestPage)),
                    ("after", McpSchema.Text("Go on after the video with this id.")),
                ]),
                changes: false,
                (call, _) => Task.FromResult(List(call, showsFiles))
            ),
            Tool(
                "get",
                "Show a video: its state, settings, and where it is.",
                McpSchema.Of([("id", McpSchema.Text(IdHelp))], "id"),
                changes: false,
                (call, _) => Task.FromResult(Show(queue.Require(call.Require("id"), call.Caller), showsFiles))
            ),
            Tool(
                "cancel",
                "Stop a video that waits or is being made.",
                McpSchema.Of([("id", McpSchema.Text(IdHelp))], "id"),
                changes: true,
                (call, _) => Task.FromResult(Cancel(call, showsFiles))
            ),
            Tool(
                "models",
                "Name the model that makes the videos.",
                McpSchema.Of([]),
                changes: false,
                (_, _) => Task.FromResult(new JsonObject { ["models"] = new JsonArray(queue.Model) })
            ),
            Tool(
                "plan",
                "Show the settings that generate would use, checked against the model, without making anything.",
                McpSchema.Of(Request(), "prompt"),
                changes: false,
                PlanAsync
            ),
            Tool(
                "compare",
                "Compare two completed videos of one size and length: PSNR, SSIM, flicker, motion.",
                McpSchema.Of(
                    [("id", McpSchema.Text("The video that is judged.")), ("reference", McpSchema.Text("The other one."))],
                    "id",
                    "reference"
                ),
                changes: false,
                CompareAsync
            ),
        ];

    private McpTool Tool(
        string name,
        string description,
        JsonObject schema,
        bool changes,
        Func<McpCall, CancellationToken, Task<JsonObject>> run
    ) => new(name, description, schema, changes, run, Explain);

    private IEnumerable<(string Name, JsonObject Schema)> Request() =>
        [
            ("prompt", McpSchema.Text("What the video shows.")),
            ("style", McpSchema.Text("The name of a style.")),
            ("priority", McpSchema.Number("Larger goes first. Default: 0.", -BatchEntry.HighestPriority, BatchEntry.HighestPriority)),
            ("format", McpSchema.Choice("The file's format.", formats.All.Select(format => format[1..]))),
            ("input_reference", McpSchema.Text("The picture of the first frame: a data: URL, or an address that the server may fetch.")),
            ("last_image", McpSchema.Text("The picture of the last frame.")),
            .. McpSchema.Settings(),
        ];

    private static (string Name, JsonObject Schema) Timeout() =>
        ("timeout_s", McpSchema.Number("The most seconds to wait. Default: 600.", 1, LongestWait));

    private string Explain(Exception exception)
    {
        var error = ErrorAnswers.Of(exception);
        if (error.Status == 500)
        {
            host.Options.Notice?.Invoke($"MCP: internal error: {exception.GetType().Name}: {exception}");
        }

        return error.Message;
    }

    private async Task<JsonObject> GenerateAsync(McpCall call, bool showsFiles, CancellationToken cancellationToken)
    {
        var waits = call.Flag("wait");
        queue.RequireRoom(call.Caller);
        var request = await ReadAsync(call, cancellationToken).ConfigureAwait(false);
        var (job, _) = await queue.AddAsync(request, call.Caller, cancellationToken).ConfigureAwait(false);
        return waits ? await WaitAsync(call, job, showsFiles, cancellationToken).ConfigureAwait(false) : Show(job, showsFiles);
    }

    private async Task<JsonObject> PlanAsync(McpCall call, CancellationToken cancellationToken)
    {
        var planned = await queue
            .PlanAsync(await ReadAsync(call, cancellationToken).ConfigureAwait(false), cancellationToken)
            .ConfigureAwait(false);
        return new JsonObject
        {
            ["model"] = queue.Model,
            ["format"] = Path.GetExtension(planned.Output)[1..],
            ["settings"] = JsonNode.Parse(planned.Prepared.Settings),
            ["notes"] = new JsonArray([.. ClientText.OfAll(planned.Prepared.Notes).Select(note => JsonValue.Create(note))]),
        };
    }

    /// <summary>Reads a request as the videos API does: with its fields, and its refusals.</summary>
    private async Task<VideoRequest> ReadAsync(McpCall call, CancellationToken cancellationToken)
    {
        var body = BodyReader.Of(call.Without("wait", "timeout_s"));
        return await forms.ReadAsync(body, VideoRequest.Nothing, call.Caller, cancellationToken).ConfigureAwait(false);
    }

    private async Task<JsonObject> WaitAsync(McpCall call, Job job, bool showsFiles, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(call.Number("timeout_s", UsualWait, 1, LongestWait)));
        var id = IdOf(job);
        var told = -1;
        try
        {
            while (true)
            {
                // listening begins before the look, so that nothing happens in between
                using var subscription = hub.Subscribe(after: null);
                do
                {
                    while (subscription.Reader.TryRead(out _)) { }

                    job = queue.Require(id, call.Caller);
                    if (job.State is not (JobState.Queued or JobState.Running))
                    {
                        return Show(job, showsFiles);
                    }

                    var percent = board.Find(job.Id)?.Percent ?? 0;
                    if (percent > told && call.Report is { } report)
                    {
                        told = percent;
                        await report(percent, job.State == JobState.Queued ? "queued" : "in progress", cancellationToken)
                            .ConfigureAwait(false);
                    }
                } while (await subscription.Reader.WaitToReadAsync(limit.Token).ConfigureAwait(false));

                limit.Token.ThrowIfCancellationRequested();
                if (hub.IsClosed)
                {
                    return Show(job, showsFiles);
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Show(queue.Require(id, call.Caller), showsFiles);
        }
    }

    private JsonObject List(McpCall call, bool showsFiles)
    {
        var limit = call.Number("limit", 20, 1, LargestPage);
        var page = queue.Page(
            new JobPage
            {
                After = call.Text("after") is { } after ? queue.After(after, call.Caller) : null,
                Limit = limit + 1,
                NewestFirst = true,
                State = call.Text("status") is { } status
                    ? States.TryGetValue(status, out var state)
                        ? state
                        : throw ApiException.Invalid("status", $"The status is one of {string.Join(", ", States.Keys)}, not '{status}'.")
                    : null,
            },
            call.Caller
        );
        return new JsonObject
        {
            ["videos"] = new JsonArray([.. page.Take(limit).Select(job => Show(job, showsFiles))]),
            ["has_more"] = page.Count > limit,
        };
    }

    private JsonObject Cancel(McpCall call, bool showsFiles)
    {
        var job = queue.Require(call.Require("id"), call.Caller);
        return queue.Change([job.Id], VideoChange.Cancel, call.Caller) == 1
            ? Show(queue.Require(IdOf(job), call.Caller), showsFiles)
            : throw new ApiException(409, "too_late", "The video is done, or failed: there is nothing to stop.");
    }

    private async Task<JsonObject> CompareAsync(McpCall call, CancellationToken cancellationToken)
    {
        var ffmpeg = host.FindFfmpeg();
        var (id, reference) = (call.Require("id"), call.Require("reference"));
        var result = await new ClipComparer()
            .CompareAsync(
                (id, VideoReader.ReadAsync(ffmpeg, queue.FileOf(queue.Require(id, call.Caller)), cancellationToken)),
                (reference, VideoReader.ReadAsync(ffmpeg, queue.FileOf(queue.Require(reference, call.Caller)), cancellationToken)),
                cancellationToken: cancellationToken
            )
            .ConfigureAwait(false);
        return new JsonObject
        {
            ["frames"] = result.Frames.Count,
            ["are_equal"] = double.IsPositiveInfinity(result.Quality.Psnr),
            ["psnr_db"] = Finite(result.Quality.Psnr),
            ["ssim"] = Finite(result.Quality.Ssim),
            ["worst_ssim"] = Finite(result.WorstSsim),
            ["ms_ssim"] = Finite(result.MultiScale),
            ["changes_ssim"] = Finite(result.Changes),
            ["motion"] = Finite(result.Motion),
            ["motion_of_reference"] = Finite(result.OtherMotion),
        };
    }

    private JsonObject Show(Job job, bool showsFiles)
    {
        var shown = JsonSerializer.SerializeToNode(queue.Show(job), ServerJson.Readable.VideoObject)!.AsObject();
        if (job.State == JobState.Succeeded)
        {
            // an agent that started this program has its files, and does not know the port
            shown[showsFiles ? "file" : "content"] = showsFiles ? queue.FileOf(job) : $"/v1/videos/{IdOf(job)}/content";
        }

        return shown;
    }

    private static string IdOf(Job job) => Path.GetFileNameWithoutExtension(job.Output);

    private static double? Finite(double? number) => number is { } value && double.IsFinite(value) ? value : null;
}
