namespace WanSharp.Engine.Costs;

/// <summary>How much a <see cref="MachineProbe"/> runs: by default, as much as rates like those of the networks need.</summary>
internal sealed record ProbeEffort
{
    /// <summary>How often each piece runs; the least time counts: other work on the machine only ever adds.</summary>
    public int Repetitions { get; init; } = 3;

    /// <summary>Tokens that products and attention are measured with.</summary>
    public int Rows { get; init; } = 1024;

    /// <summary>Height and width of the latent frame that is decoded: 96 pixels.</summary>
    public int LatentSide { get; init; } = 12;
}
