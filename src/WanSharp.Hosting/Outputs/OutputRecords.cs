using System.Text.Encodings.Web;
using System.Text.Json;
using WanSharp.Engine.Costs;
using WanSharp.Engine.Requests;

namespace WanSharp.Hosting.Outputs;

/// <summary>The records of this folder as JSON: one line, snake_case, prompts readable in every language.</summary>
public static class OutputRecords
{
    /// <summary>How records are written; a program adds its own types to the resolver.</summary>
    public static JsonSerializerOptions CreateOptions() =>
        new()
        {
            TypeInfoResolver = OutputJson.Default,
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            Converters =
            {
                new VerbatimConverter<GenerationSettings>(settings => settings.ToJson()),
                new VerbatimConverter<Calibration>(calibration => calibration.ToJson()),
            },
        };
}
