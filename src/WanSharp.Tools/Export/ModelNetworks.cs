namespace WanSharp.Tools.Export;

/// <summary>The networks that a model is made of.</summary>
[Flags]
public enum ModelNetworks
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The diffusion transformer, or both experts.</summary>
    Transformer = 1,

    /// <summary>The umT5 text encoder, and its tokenizer.</summary>
    TextEncoder = 2,

    /// <summary>The VAE: encoder and decoder.</summary>
    Vae = 4,

    /// <summary>CLIP's image encoder, of models that have one.</summary>
    ImageEncoder = 8,

    /// <summary>All of them.</summary>
    All = Transformer | TextEncoder | Vae | ImageEncoder,
}
