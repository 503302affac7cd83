using System.Globalization;
using WanSharp.Engine;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Hosting.Outputs;

namespace WanSharp.Cli.Terminal;

/// <summary>What <c>wan generate</c> says before it runs, and when it is done.</summary>
internal static class GenerateReport
{
    /// <summary>Says how a clip will be made, and what may be unexpected about it.</summary>
    public static void WritePlan(TextWriter output, GenerationPlan plan)
    {
        WriteSettings(output, plan.Settings);
        WriteStepCache(output, plan.StepCache);
        WriteWarnings(output, plan.Warnings);
        WriteCut(output, plan.CutPrompts);
        WriteLoras(output, plan.Loras);
    }

    /// <summary>The settings that a clip is made with: those asked for, and the model's defaults for the rest.</summary>
    public static void WriteSettings(TextWriter output, GenerationSettings settings)
    {
        output.WriteLine(PlainText.OneLine($"settings: {settings.Model}, {SettingsText.Summary(settings)}"));
        foreach (var (name, text) in SettingsText.Texts(settings))
        {
            output.WriteLine(PlainText.OneLine($"{name}: {text}"));
        }
    }

    /// <summary>Says what makes it likely that the clip is not what the user expects, a line each.</summary>
    public static void WriteWarnings(TextWriter output, IReadOnlyList<string> warnings)
    {
        foreach (var warning in warnings)
        {
            output.WriteLine(PlainText.OneLine($"note: {warning}"));
        }
    }

    /// <summary>Says which steps are estimated, and why, where that was left to the program.</summary>
    private static void WriteStepCache(TextWriter output, StepCachePlan? cache)
    {
        if (cache is { Why.Length: > 0 })
        {
            output.WriteLine(PlainText.OneLine($"step cache: {Describe(cache)}"));
        }
    }

    /// <summary>A step cache in one line.</summary>
    public static string Describe(StepCachePlan cache) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{cache.Setting}, {(cache.IsKnownBefore ? "" : "about ")}{cache.SkippedSteps.Count} steps are estimated"
        ) + (cache.Why.Length > 0 ? $": {cache.Why}" : "");

    /// <summary>Says which prompts are longer than the model reads, a line each.</summary>
    private static void WriteCut(TextWriter output, IReadOnlyList<CutPrompt> cut)
    {
        foreach (var prompt in cut)
        {
            output.WriteLine(PlainText.OneLine($"note: {prompt}"));
        }
    }

    /// <summary>Says what the user should know about the clip's LoRAs, a line each.</summary>
    private static void WriteLoras(TextWriter output, LoraPlan loras)
    {
        if (loras.IsMerged)
        {
            output.WriteLine("loras: merged into a copy of the weights, which is kept for the next clip");
        }

        foreach (var note in loras.Notes)
        {
            output.WriteLine(PlainText.OneLine($"note: {note}"));
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
                        clip.Steps - clip.SkippedSteps,
                        clip.SkippedSteps,
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
                $"{path}: {SettingsText.Summary(settings)}; made in {elapsed.TotalSeconds:0.0} s"
                    + $"{(SettingsText.Output(settings) is { } larger ? $", {larger.How} {larger.Size}" : "")}"
                    + $"{(clip.SkippedSteps > 0 ? $", {clip.SkippedSteps} of {clip.Steps} steps estimated" : "")}"
                    + $"{(plan.VaeTiles is { } tiles ? $", decoded in tiles of {tiles}" : "")}"
                    + $"{(plan.UpscaleTiles is { } parts ? $", enlarged in tiles of {parts}" : "")}."
            )
        );
    }
}
