namespace WanSharp.Engine.Memory;

/// <summary>What memory is set aside for.</summary>
internal enum ReservationKind
{
    /// <summary>The program and weights, as long as clips run by one strategy.</summary>
    Weights,

    /// <summary>A clip's latents, text and keys, as long as it is under way.</summary>
    Clip,

    /// <summary>The activations of what a lane computes.</summary>
    Work,
}
