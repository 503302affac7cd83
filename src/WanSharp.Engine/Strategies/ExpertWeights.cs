using WanSharp.Models;
using WanSharp.Runtime.Weights;

namespace WanSharp.Engine.Strategies;

/// <summary>The weights of a model's transformers: its own, or with LoRAs merged into them.</summary>
/// <param name="LowNoise">Of the only transformer, or the low-noise expert.</param>
/// <param name="HighNoise">Of the high-noise expert; null where there is one transformer.</param>
internal sealed record ExpertWeights(WeightStore LowNoise, WeightStore? HighNoise)
{
    /// <summary>A model's own.</summary>
    public static ExpertWeights Of(WanModel model) => new(model.TransformerWeights, model.HighNoiseWeights);
}
