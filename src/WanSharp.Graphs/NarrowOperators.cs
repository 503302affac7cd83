namespace WanSharp.Graphs;

/// <summary>The operators that a provider has kernels for in F16 and BF16.</summary>
public enum NarrowOperators
{
    /// <summary>All that networks are written with.</summary>
    All,

    /// <summary>
    /// Those that move elements and those that convert them. Any other stands between conversions: it reads F32 and what it gives is
    /// rounded, as a device's kernel does that accumulates in F32.
    /// </summary>
    Moves,
}
