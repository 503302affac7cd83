using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;

namespace WanSharp.Hosting.Outputs;

/// <summary>The records of this folder as JSON: one line, snake_case, prompts readable in every language.</summary>
[JsonSerializable(typeof(GenerateOutput))]
[JsonSerializable(typeof(PlanOutput))]
[JsonSerializable(typeof(CheckpointOutput))]
[JsonSerializable(typeof(IReadOnlyList<CheckpointOutput>))]
[JsonSerializable(typeof(IReadOnlyList<PullOutput>))]
[JsonSerializable(typeof(IReadOnlyList<VerifiedFileOutput>))]
[JsonSerializable(typeof(PulledOutput))]
[JsonSerializable(typeof(IReadOnlyList<PresetOutput>))]
[JsonSerializable(typeof(ProvidersOutput))]
[JsonSerializable(typeof(RecipeOutput))]
[JsonSerializable(typeof(CacheOutput))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, PrunedOutput>))]
[JsonSerializable(typeof(JobOutput))]
[JsonSerializable(typeof(BatchOutput))]
[JsonSerializable(typeof(DryRunOutput))]
[JsonSerializable(typeof(RestOutput))]
[JsonSerializable(typeof(MemoryOutput))]
public sealed partial class OutputJson : JsonSerializerContext
{
    /// <summary>The records, ready to be written.</summary>
    public static OutputJson Readable { get; } = new(CreateOptions());

    /// <summary>How records are written; a program adds its own types to the resolver.</summary>
    public static JsonSerializerOptions CreateOptions() =>
        new()
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            Converters =
            {
                new VerbatimConverter<GenerationSettings>(settings => settings.ToJson()),
                new VerbatimConverter<Calibration>(calibration => calibration.ToJson()),
            },
        };
}
