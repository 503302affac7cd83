using System.Globalization;
using System.Text.Json.Nodes;
using WanSharp.Engine;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;

namespace WanSharp.Cli.Terminal;

/// <summary>What <c>wan generate</c> says before it runs, and when it is done.</summary>
internal static class GenerateReport
{
    /// <summary>The settings that a clip is made with: those asked for, and the model's defaults for the rest.</summary>
    public static void WriteSettings(TextWriter output, GenerationSettings settings)
    {
        var high = settings is { HighNoiseGuidanceScale: { } scale, Boundary: { } boundary }
            ? string.Create(CultureInfo.InvariantCulture, $", from timestep {1000 * boundary} on {scale}")
            : "";
        output.WriteLine(
            PlainText.OneLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"settings: {settings.Model}, {settings.Width}x{settings.Height}, {settings.Frames} frames at {settings.Fps} "
                        + $"a second, {settings.Steps} steps of {settings.Sampler}, shift {settings.Shift}, guidance "
                        + $"{settings.GuidanceScale}{high}, seed {settings.Seed}"
                )
            )
        );
        if (settings.NegativePrompt.Length > 0)
        {
            output.WriteLine(PlainText.OneLine($"negative: {settings.NegativePrompt}"));
        }
    }

    /// <summary>The prompts that are longer than the model reads.</summary>
    public static JsonArray Json(IReadOnlyList<CutPrompt> cut) =>
        new([
            .. cut.Select(prompt => new JsonObject
            {
                ["prompt"] = prompt.IsNegative ? "negative" : "prompt",
                ["tokens"] = prompt.Tokens,
                ["tokens_read"] = prompt.Read,
                ["ignored_from"] = prompt.Ignored,
            }),
        ]);

    /// <summary>Says which prompts are longer than the model reads, a line each.</summary>
    public static void WriteCut(TextWriter output, IReadOnlyList<CutPrompt> cut)
    {
        foreach (var prompt in cut)
        {
            output.WriteLine(PlainText.OneLine($"note: {prompt}"));
        }
    }

    public static void Write(
        TextWriter output,
        string path,
        GenerationPlan plan,
        GenerationStatistics clip,
        EngineStatistics statistics,
        TimeSpan elapsed,
        bool json
    )
    {
        var settings = plan.Settings;
        if (json)
        {
            var report = new JsonObject
            {
                ["path"] = path,
                ["seconds"] = Math.Round(elapsed.TotalSeconds, 3),
                ["vae_tiles"] = plan.VaeTiles?.ToString(),
                ["compile"] = clip.Compile.ToString().ToLowerInvariant(),
                ["graphs"] = GraphText.Json(statistics.Graphs),
                ["memory"] = MemoryUseJson.Write(statistics.Memory),
                ["cut_prompts"] = Json(plan.CutPrompts),
                ["settings"] = JsonNode.Parse(settings.ToJson()),
            };
            output.WriteLine(report.ToJsonString(JsonText.Readable));
            return;
        }

        output.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{path}: {settings.Width}x{settings.Height}, {settings.Frames} frames at {settings.Fps} a second, {settings.Steps} "
                    + $"steps of {settings.Sampler}, guidance {settings.GuidanceScale}"
                    + $"{(settings.HighNoiseGuidanceScale is { } high ? $" (high noise {high})" : "")}, "
                    + $"seed {settings.Seed}; made in {elapsed.TotalSeconds:0.0} "
                    + $"s{(plan.VaeTiles is { } tiles ? $", decoded in tiles of {tiles}" : "")}."
            )
        );
    }
}
