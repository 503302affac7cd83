namespace WanSharp.Models;

/// <summary>The names of the options that name a model's parts, for the command line and for messages.</summary>
public static class PartOptions
{
    /// <summary>Names <see cref="NamedParts.LowNoise"/>.</summary>
    public const string LowNoise = "--model-low";

    /// <summary>Names <see cref="NamedParts.HighNoise"/>.</summary>
    public const string HighNoise = "--model-high";

    /// <summary>Names <see cref="NamedParts.TextEncoder"/>.</summary>
    public const string TextEncoder = "--text-encoder";

    /// <summary>Names <see cref="NamedParts.Vae"/>.</summary>
    public const string Vae = "--vae";

    /// <summary>Names <see cref="NamedParts.VisionEncoder"/>.</summary>
    public const string VisionEncoder = "--clip";

    /// <summary>Names <see cref="NamedParts.Tokenizer"/>.</summary>
    public const string Tokenizer = "--tokenizer";
}
