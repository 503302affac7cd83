using System.Globalization;
using WanSharp.Engine;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Hosting.Outputs;

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
            output.WriteLine(
                JsonText.Of(
                    new GenerateOutput(
                        path,
                        Math.Round(elapsed.TotalSeconds, 3),
                        plan.VaeTiles?.ToString(),
                        clip.Compile.ToString().ToLowerInvariant(),
                        GraphsOutput.From(statistics.Graphs),
                        MemoryOutput.From(statistics.Memory),
                        CutPromptOutput.From(plan.CutPrompts),
                        settings
                    )
                )
            );
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
