namespace WanSharp.Engine.Sampling;

/// <summary>What a clip's sampler is made from.</summary>
internal sealed record SamplerOptions
{
    /// <summary>Which sampler.</summary>
    public required SamplerKind Kind { get; init; }

    /// <summary>How many steps: 1 to <see cref="Samplers.MaxSteps"/>.</summary>
    public required int Steps { get; init; }

    /// <summary>
    /// How much of the walk is spent at high noise: <see cref="Samplers.MinShift"/> to <see cref="Samplers.MaxShift"/>; 1 is even, Wan
    /// uses 3 to 16. Not used where a list is given, nor by rCM. Default: 1.
    /// </summary>
    public double Shift { get; init; } = 1;

    /// <summary>The seed of the clip, for samplers that add noise between steps. Default: 0.</summary>
    public ulong Seed { get; init; }

    /// <summary>
    /// The noise level of each step, decreasing, above 0 and up to 1, without the 0 at the end. Default: null, by steps and shift, or as
    /// <see cref="Timesteps"/> say.
    /// </summary>
    public NumberList? Sigmas { get; init; }

    /// <summary>
    /// What the network is told at each step, decreasing, above 0 and up to 1000. Default: null, what the sampler makes of the noise
    /// levels.
    /// </summary>
    public NumberList? Timesteps { get; init; }
}
