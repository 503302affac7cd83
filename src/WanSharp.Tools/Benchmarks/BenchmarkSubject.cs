namespace WanSharp.Tools.Benchmarks;

/// <summary>Which network is measured.</summary>
public enum BenchmarkSubject
{
    /// <summary>The diffusion transformer: one forward pass of one branch.</summary>
    Dit,

    /// <summary>The VAE: a clip's decoding.</summary>
    Vae,

    /// <summary>The text encoder: one prompt at its full length.</summary>
    Text,
}
