using WanSharp.Engine.Costs;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Strategies;
using WanSharp.Hosting.Outputs;
using WanSharp.Models;
using WanSharp.Tensors;
using static System.FormattableString;

namespace WanSharp.Cli.Terminal;

/// <summary>
/// What <c>wan plan --device-memory</c> prints: how a clip would run on devices of some sizes. Nothing is said of its time.
/// </summary>
/// <param name="Model">The model.</param>
/// <param name="Plan">What would run.</param>
/// <param name="Operations">What it computes.</param>
/// <param name="Devices">The devices' memory, and the strategy or why there is none.</param>
internal sealed record DevicePlanText(
    WanModel Model,
    GenerationPlan Plan,
    double Operations,
    IReadOnlyList<(long Memory, Strategy? Strategy, string? Refused)> Devices
)
{
    /// <summary>Plans a clip for devices of some sizes.</summary>
    public static DevicePlanText Of(
        WanModel model,
        CostModel costs,
        GenerationPlan plan,
        IReadOnlyList<long> sizes,
        Func<StrategyFacts, long, Strategy> choose
    )
    {
        var facts = costs.Facts(plan, isOnHost: false);
        return new(model, plan, costs.Operations(plan), [.. sizes.Select(PlanFor)]);

        (long, Strategy?, string?) PlanFor(long size)
        {
            try
            {
                return (size, choose(facts, size), null);
            }
            catch (InvalidRequestException e)
            {
                return (size, null, e.Message);
            }
        }
    }

    /// <summary>For programs.</summary>
    public DevicePlanOutput Output() =>
        new(
            Model.Name,
            Plan.Settings,
            Plan.Tokens,
            Operations,
            [
                .. Devices.Select(device => new DeviceStrategyOutput(
                    device.Memory,
                    device.Strategy is { } strategy ? StrategyOutput.From(strategy) : null,
                    device.Refused
                )),
            ]
        );

    /// <summary>For people.</summary>
    public string Describe() => string.Join(Environment.NewLine, Lines());

    private IEnumerable<string> Lines()
    {
        yield return Row("model", Invariant($"{Model.Name}: {Model.Transformer.Layers} layers of {Model.Transformer.Dim}"));
        yield return Row("settings", SettingsText.Summary(Plan.Settings));
        yield return Row("work", Invariant($"{Operations / 1e12:#,0.00} TFLOP, {Plan.Tokens:#,0} tokens"));
        foreach (var (memory, strategy, refused) in Devices)
        {
            yield return "";
            var size = $"device of {ByteSize.Text(memory)}";
            if (strategy is null)
            {
                yield return Row(size, refused!);
                continue;
            }

            yield return Row(size, $"{strategy}: {ByteSize.Text(strategy.Bytes)}");
            yield return Row("", string.Join(", ", strategy.Parts.Select(part => $"{part.Name} {ByteSize.Text(part.Bytes)}")));
            foreach (var reason in strategy.Reasons)
            {
                yield return Row("", reason);
            }
        }

        yield return "";
        yield return "Counted from the graphs, as on the processor; how long it takes on a device is not known before it runs there.";
    }

    private static string Row(string name, string text) => $"{name, -23} {PlainText.OneLine(text)}";
}
