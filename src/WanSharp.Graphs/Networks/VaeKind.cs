namespace WanSharp.Graphs.Networks;

/// <summary>How a VAE is built.</summary>
public enum VaeKind
{
    /// <summary><see cref="WanVae"/>: Wan 2.1, and Wan 2.2's 14B models.</summary>
    Wan21,

    /// <summary><see cref="Wan22Vae"/>: Wan 2.2's 5B model.</summary>
    Wan22,

    /// <summary><see cref="TinyVae"/>: TAEHV, for the latents of either.</summary>
    Tiny,
}
