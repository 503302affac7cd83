namespace WanSharp.Hosting.Batches;

/// <summary>What a clip may begin with.</summary>
public enum ReuseMode
{
    /// <summary>Noise.</summary>
    Off,

    /// <summary>The first steps of a clip of nearly the same prompt, where there is one.</summary>
    Similar,
}
