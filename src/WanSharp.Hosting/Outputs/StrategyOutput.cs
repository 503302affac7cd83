using System.Text.Json;
using System.Text.Json.Serialization;
using WanSharp.Engine.Strategies;

namespace WanSharp.Hosting.Outputs;

/// <summary>How a clip runs in the memory that it may use.</summary>
/// <param name="Bytes">The most memory that it takes.</param>
/// <param name="Parts">What that consists of.</param>
/// <param name="Compile">How the transformer is split into graphs: <c>blocks</c> or <c>whole</c>.</param>
/// <param name="Blocks">The number of transformer blocks.</param>
/// <param name="ResidentBlocks">The number of blocks that stay in memory.</param>
/// <param name="WidensAhead">Whether a block is widened while the one before it runs.</param>
/// <param name="TokensAtOnce">The most tokens computed at a time; null for all.</param>
/// <param name="VaeTiles">Whether the VAE works in tiles.</param>
/// <param name="KeepsTextEncoder">Whether the text encoder stays in memory.</param>
/// <param name="StreamsTextEncoder">Whether the text encoder is read block by block.</param>
/// <param name="Reasons">Why each choice was made.</param>
/// <param name="Budget">In a plan: the memory that it may use.</param>
/// <param name="Limit">In a plan: where that limit comes from.</param>
/// <param name="UsableNow">In a plan: the memory that it could use now.</param>
public sealed record StrategyOutput(
    long Bytes,
    IReadOnlyList<PartOutput> Parts,
    string Compile,
    int Blocks,
    int ResidentBlocks,
    bool WidensAhead,
    int? TokensAtOnce,
    bool VaeTiles,
    bool KeepsTextEncoder,
    bool StreamsTextEncoder,
    IReadOnlyList<string> Reasons,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? Budget,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Limit,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? UsableNow
)
{
    /// <summary>A strategy as output.</summary>
    public static StrategyOutput From(Strategy strategy)
    {
        ArgumentNullException.ThrowIfNull(strategy);
        return new StrategyOutput(
            strategy.Bytes,
            PartOutput.From(strategy.Parts),
            JsonNamingPolicy.SnakeCaseLower.ConvertName(strategy.Compile.ToString()),
            strategy.Blocks,
            strategy.ResidentBlocks,
            strategy.WidensAhead,
            strategy.TokensAtOnce,
            strategy.IsTiled,
            strategy.KeepsTextEncoder,
            strategy.StreamsTextEncoder,
            strategy.Reasons,
            Budget: null,
            Limit: null,
            UsableNow: null
        );
    }
}
