using System.Text.Json.Nodes;
using WanSharp.Jobs;
using WanSharp.Server.Contract;
using WanSharp.Server.Work;

namespace WanSharp.Server.Comfy;

/// <summary>A job as ComfyUI's API shows a prompt.</summary>
/// <param name="job">The job.</param>
/// <param name="record">What the client sent.</param>
internal sealed class PromptView(Job job, PromptRecord record)
{
    /// <summary>The type of files that <c>/view</c> gives and that a prompt made.</summary>
    public const string OutputType = "output";

    /// <summary>A job that is a prompt; null for one that came another way.</summary>
    public static PromptView? Of(Job job) => PromptRecord.Of(job) is { } record ? new PromptView(job, record) : null;

    public Job Job => job;

    public PromptRecord Record => record;

    /// <summary>The prompt's id.</summary>
    public string Id { get; } = IdOf(job);

    /// <summary>The prompt's place: those that were asked for later have a larger one.</summary>
    public long Number => record.IsFirst ? -job.Id : job.Id;

    /// <summary>Whether it has ended, and not before it began: ComfyUI forgets a prompt that is taken out of its queue.</summary>
    public bool IsHistory =>
        job.State switch
        {
            JobState.Succeeded or JobState.Failed => true,
            JobState.Cancelled => job.StartedAt is not null,
            _ => false,
        };

    /// <summary>The UUID of a job's prompt.</summary>
    public static string IdOf(Job job) => VideoId.ToGuid(Path.GetFileNameWithoutExtension(job.Output)) is { } id ? id.ToString("D") : "";

    /// <summary>The prompt as an item of the queue, and in the history.</summary>
    /// <param name="isWhole">Whether with the graph, and what the client keeps with it.</param>
    public JsonArray Item(bool isWhole = true) =>
        [
            Number,
            Id,
            isWhole ? record.Prompt.DeepClone() : new JsonObject(),
            isWhole ? record.ExtraData.DeepClone() : new JsonObject(),
            new JsonArray([.. record.Outputs.Select(output => JsonValue.Create(output))]),
        ];

    /// <summary>What each saving node gave.</summary>
    public JsonObject Outputs() =>
        job.State == JobState.Succeeded
            ? new JsonObject(record.Outputs.Select(node => KeyValuePair.Create(node, (JsonNode?)OutputOf(node))))
            : [];

    /// <summary>What a saving node gave.</summary>
    public JsonObject OutputOf(string node)
    {
        var file = new JsonObject
        {
            ["filename"] = job.Output,
            ["subfolder"] = "",
            ["type"] = OutputType,
        };
        if (record.ClassOf(node) != "VHS_VideoCombine")
        {
            return new JsonObject { ["images"] = new JsonArray(file), ["animated"] = new JsonArray(true) };
        }

        file["format"] = MediaTypes.Of(job.Output);
        return new JsonObject { ["gifs"] = new JsonArray(file) };
    }

    /// <summary>The prompt in the history.</summary>
    public JsonObject History()
    {
        var isDone = job.State == JobState.Succeeded;
        return new JsonObject
        {
            ["prompt"] = Item(),
            ["outputs"] = Outputs(),
            ["status"] = new JsonObject
            {
                ["status_str"] = isDone ? "success" : "error",
                ["completed"] = isDone,
                ["messages"] = Messages(),
            },
            ["meta"] = new JsonObject(
                (isDone ? record.Outputs : []).Select(node =>
                    KeyValuePair.Create(
                        node,
                        (JsonNode?)
                            new JsonObject
                            {
                                ["node_id"] = node,
                                ["display_node"] = node,
                                ["parent_node"] = null,
                                ["real_node_id"] = node,
                            }
                    )
                )
            ),
        };
    }

    /// <summary>The message about the prompt's beginning.</summary>
    public JsonObject Start() => Body(Milliseconds(job.StartedAt));

    /// <summary>The message about what was there already: all, or nothing.</summary>
    public JsonObject Cached()
    {
        var body = Body(Milliseconds(job.StartedAt));
        var nodes = job.Outcome?.FromCache == true ? record.Prompt.Select(node => node.Key) : [];
        body["nodes"] = new JsonArray([.. nodes.Select(node => JsonValue.Create(node))]);
        return body;
    }

    /// <summary>The type of the last message, and the message.</summary>
    public (string Type, JsonObject Body) End()
    {
        var body = Body(Milliseconds(job.FinishedAt));
        if (job.State == JobState.Succeeded)
        {
            return ("execution_success", body);
        }

        var node = record.NodeWith("Sampler") ?? record.Outputs[0];
        body["node_id"] = node;
        body["node_type"] = record.ClassOf(node);
        body["executed"] = new JsonArray();
        if (job.State == JobState.Cancelled)
        {
            return ("execution_interrupted", body);
        }

        body["exception_message"] = VideoObjects.ReasonOf(job) ?? "It could not be made.";
        body["exception_type"] = "GenerationFailed";
        body["traceback"] = new JsonArray();
        body["current_inputs"] = new JsonObject();
        body["current_outputs"] = new JsonArray();
        return ("execution_error", body);
    }

    /// <summary>The prompt as <c>/api/jobs</c> shows it.</summary>
    /// <param name="isWhole">Whether the graph and the files are shown, too.</param>
    public JsonObject AsJob(bool isWhole)
    {
        var shown = new JsonObject
        {
            ["id"] = Id,
            ["status"] = StatusOf(job.State),
            ["priority"] = Number,
            ["create_time"] = (VideoDetails.FromJson(job.Details)?.CreatedAt ?? Milliseconds(job.QueuedAt)),
            ["execution_start_time"] = job.StartedAt is { } start ? Milliseconds(start) : null,
            ["execution_end_time"] = job.FinishedAt is { } end ? Milliseconds(end) : null,
            ["outputs_count"] = job.State == JobState.Succeeded ? record.Outputs.Count : 0,
            ["workflow_id"] = (record.ExtraData["extra_pnginfo"] as JsonObject)?["workflow"].Text("id"),
            ["execution_error"] = job.State == JobState.Failed ? End().Body : null,
        };
        if (job.State == JobState.Succeeded)
        {
            var preview = OutputOf(record.Outputs[0]).First().Value!.AsArray()[0]!.DeepClone().AsObject();
            preview["nodeId"] = record.Outputs[0];
            preview["mediaType"] = "video";
            shown["preview_output"] = preview;
        }

        if (isWhole)
        {
            shown["outputs"] = Outputs();
            shown["workflow"] = new JsonObject { ["prompt"] = record.Prompt.DeepClone(), ["extra_data"] = record.ExtraData.DeepClone() };
        }

        return shown;
    }

    /// <summary>What <c>/api/jobs</c> calls a state.</summary>
    public static string StatusOf(JobState state) =>
        state switch
        {
            JobState.Queued => "pending",
            JobState.Running => "in_progress",
            JobState.Succeeded => "completed",
            JobState.Failed => "failed",
            _ => "cancelled",
        };

    private JsonArray Messages()
    {
        var messages = new JsonArray();
        if (job.StartedAt is not null || job.State == JobState.Succeeded)
        {
            messages.Add(new JsonArray("execution_start", Start()));
            messages.Add(new JsonArray("execution_cached", Cached()));
        }

        var (type, body) = End();
        messages.Add(new JsonArray(type, body));
        return messages;
    }

    private JsonObject Body(long? time) => new() { ["prompt_id"] = Id, ["timestamp"] = time };

    private static long? Milliseconds(DateTimeOffset? time) => time?.ToUnixTimeMilliseconds();
}
