using System.Globalization;
using System.Text.Json;
using WanSharp.Engine.Costs;
using WanSharp.Engine.Memory;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Strategies;
using WanSharp.Hosting.Outputs;
using WanSharp.Models;
using WanSharp.Tensors;
using static System.FormattableString;

namespace WanSharp.Cli.Terminal;

/// <summary>What <c>wan plan</c> prints: for people a table, for programs the same facts as JSON.</summary>
/// <param name="Model">The model.</param>
/// <param name="Plan">What would run.</param>
/// <param name="Cost">What it costs here.</param>
/// <param name="Machine">The machine's speed.</param>
/// <param name="Alternatives">What costs less.</param>
internal sealed record PlanText(
    WanModel Model,
    GenerationPlan Plan,
    GenerationCost Cost,
    Calibration Machine,
    IReadOnlyList<PlanAlternative> Alternatives
)
{
    private const double Giga = 1e9;

    /// <summary>How it would run in the memory that it may use.</summary>
    public required Strategy Strategy { get; init; }

    /// <summary>The memory that it may use, as it was asked about.</summary>
    public required MemoryAllowance Budget { get; init; }

    /// <summary>What products are computed in, and why.</summary>
    public required string Compute { get; init; }

    /// <summary>The memory that it could use now.</summary>
    public required MemoryAllowance Free { get; init; }

    /// <summary>Bytes of weights with LoRAs merged into them, which the cache keeps.</summary>
    public long MergedBytes { get; init; }

    public string Describe() => string.Join(Environment.NewLine, Lines());

    public PlanOutput Output() =>
        new(
            Model.Name,
            CheckpointText.Files(Model.Parts),
            Plan.Settings,
            [.. Plan.Latents.Dims],
            Plan.Tokens,
            Plan.WindowCount,
            CutPromptOutput.From(Plan.CutPrompts),
            Plan.Branches,
            Plan.StepCache?.SkippedSteps.Count ?? 0,
            Model.WeightTypes,
            [
                .. Cost.Stages.Select(stage => new StageOutput(
                    Name(stage.Stage),
                    stage.Operations,
                    stage.Bytes,
                    Math.Round(stage.Seconds, 3)
                )),
            ],
            Math.Round(Cost.Seconds, 3),
            [
                .. Cost.Memory.Select(part => new PlanMemoryOutput(
                    part.Name,
                    part.Bytes,
                    JsonNamingPolicy.SnakeCaseLower.ConvertName(part.Kind.ToString())
                )),
            ],
            Cost.PrivateBytes,
            Cost.MappedBytes,
            Compute,
            StrategyOutput.From(Strategy) with
            {
                Budget = Budget.Bytes,
                Limit = Budget.Why,
                UsableNow = Free.Bytes,
            },
            [.. Alternatives.Select(other => new AlternativeOutput(other.Options, Math.Round(other.Seconds, 3), other.PrivateBytes))],
            Machine
        );

    /// <summary>A time as people say it: seconds, minutes, hours.</summary>
    public static string Duration(double seconds) =>
        seconds switch
        {
            < 100 => Invariant($"{seconds:0.0} s"),
            < 6000 => Invariant($"{seconds / 60:0.0} min"),
            _ => Invariant($"{seconds / 3600:#,0.0} h"),
        };

    private IEnumerable<string> Lines() => [.. ClipLines(), "", .. CostLines(), "", .. StrategyLines(), "", .. OtherLines()];

    private string Windows => Plan.WindowCount > 1 ? Invariant($" in each of up to {Plan.WindowCount} windows") : "";

    /// <summary>What would be made, and of what.</summary>
    private IEnumerable<string> ClipLines()
    {
        var (settings, transformer) = (Plan.Settings, Model.Transformer);
        yield return Row("model", Invariant($"{Model.Name}: {transformer.Layers} layers of {transformer.Dim}"));
        if (!Model.Parts.IsDescribed)
        {
            yield return Row("files", Model.Parts.Describe());
        }

        foreach (var (network, types) in Model.WeightTypes)
        {
            yield return Row(
                network,
                string.Join(" + ", types.OrderByDescending(type => type.Value).Select(type => $"{ByteSize.Text(type.Value)} of {type.Key}"))
            );
        }

        yield return Row("settings", SettingsText.Summary(settings));
        foreach (var (name, text) in SettingsText.Texts(settings))
        {
            yield return Row(name, text);
        }

        if (Plan.StepCache is { } cache)
        {
            yield return Row("step cache", GenerateReport.Describe(cache));
        }

        foreach (var note in Plan.Warnings.Concat(Plan.CutPrompts.Select(cut => cut.ToString())).Concat(Plan.Loras.Notes))
        {
            yield return Row("note", note);
        }

        if (Plan.Loras.IsMerged)
        {
            yield return Row(
                "LoRAs",
                Invariant($"merged into a copy of the weights, of which the cache keeps {ByteSize.Text(MergedBytes)}")
            );
        }

        yield return Row("latents", Invariant($"{Plan.Latents}, {Plan.Tokens:#,0} tokens{Windows}"));
        if (settings is { Interpolate: { } between, OutputFrames: { } count })
        {
            yield return Row("interpolated to", Invariant($"{count} frames, from {between.FromFps} to {settings.Fps} a second"));
        }

        if (SettingsText.Output(settings) is { } output)
        {
            yield return Row(output.How, output.Size);
        }

        yield return Row(
            "branches",
            Invariant($"{Plan.ComputedBranches.Sum()}")
                + (Model.HasExperts ? Invariant($", {Plan.HighNoiseSteps} steps of high noise") : "")
        );
    }

    /// <summary>What each stage computes, and what is in memory.</summary>
    private IEnumerable<string> CostLines()
    {
        yield return Invariant($"{"stage", -10}{"TFLOP", 14}{"moved", 16}{"time", 12}");
        foreach (var stage in Cost.Stages)
        {
            yield return Invariant(
                $"{Name(stage.Stage), -10}{stage.Operations / 1e12, 14:#,0.00}{ByteSize.Text(stage.Bytes), 16}{Duration(stage.Seconds), 12}"
            );
        }

        var (operations, moved) = (Cost.Stages.Sum(stage => stage.Operations), Cost.Stages.Sum(stage => stage.Bytes));
        yield return Invariant($"{"in all", -10}{operations / 1e12, 14:#,0.00}{ByteSize.Text(moved), 16}{Duration(Cost.Seconds), 12}");
        yield return "";
        foreach (var part in Cost.Memory)
        {
            yield return Invariant($"{part.Name, -50}{ByteSize.Text(part.Bytes), 12}  {Kind(part.Kind)}");
        }

        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"{"private at most", -50}{ByteSize.Text(Cost.PrivateBytes), 12}  plus {ByteSize.Text(Cost.MappedBytes)} of files that the "
                + $"system may drop"
        );
    }

    /// <summary>How it would run.</summary>
    private IEnumerable<string> StrategyLines()
    {
        yield return Row("precision", Compute);
        yield return Row(
            "strategy",
            Invariant($"{Strategy}: {ByteSize.Text(Strategy.Bytes)} of {ByteSize.Text(Budget.Bytes)} ({Budget.Why})")
        );
        yield return Row("", string.Join(", ", Strategy.Parts.Select(part => $"{part.Name} {ByteSize.Text(part.Bytes)}")));
        foreach (var reason in Strategy.Reasons)
        {
            yield return Row("", reason);
        }

        if (Free.Bytes < Strategy.Bytes)
        {
            yield return Row("", $"what is free now would change this: {ByteSize.Text(Free.Bytes)} may be used ({Free.Why})");
        }
    }

    /// <summary>What else could be asked for, and where the times come from.</summary>
    private IEnumerable<string> OtherLines()
    {
        foreach (var other in Alternatives)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{other.Options, -30}{Duration(other.Seconds), 12}{100 * other.Seconds / Cost.Seconds, 8:0} "
                    + $"%{ByteSize.Text(other.PrivateBytes), 12} private"
            );
        }

        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"Times by the calibration of {Machine.Measured:yyyy-MM-dd}: {Machine.Threads} threads, products {Machine.Products / Giga:0} "
                + $"GFLOP/s (8-bit {Machine.IntegerProducts / Giga:0}), attention {Machine.Attention / Giga:0}, convolutions "
                + $"{Machine.Convolutions / Giga:0}, weights {Machine.WeightBytes / Giga:0.0} GB/s, "
                + $"other {Machine.MovedBytes / Giga:0.0} GB/s."
        );
    }

    private static string Name(PlanStage stage) => JsonNamingPolicy.SnakeCaseLower.ConvertName(stage.ToString());

    private static string Kind(MemoryKind kind) =>
        kind switch
        {
            MemoryKind.Mapped => "mapped",
            MemoryKind.Kept => "private",
            _ => "private while it runs",
        };

    private static string Row(string name, string text) => $"{name, -23} {PlainText.OneLine(text)}";
}
