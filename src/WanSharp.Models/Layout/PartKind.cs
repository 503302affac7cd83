using System.Text.RegularExpressions;
using WanSharp.Graphs.Networks;

namespace WanSharp.Models.Layout;

/// <summary>A part that a model needs besides its transformer, and what tells the right one.</summary>
internal sealed partial record PartKind
{
    /// <summary>What the part is.</summary>
    public required string What { get; init; }

    /// <summary>Which of its kind the transformer needs.</summary>
    public required string Which { get; init; }

    /// <summary>What it is called where it is published.</summary>
    public required string Published { get; init; }

    /// <summary>The option that names one.</summary>
    public required string Option { get; init; }

    /// <summary>The network of this kind in a file, or null.</summary>
    public required Func<NetworkFile, object?> NetworkOf { get; init; }

    /// <summary>Whether the transformer can use a file's network of this kind.</summary>
    public required Func<NetworkFile, bool> Fits { get; init; }

    /// <summary>Whether a file's network has the shape of Wan's own.</summary>
    public required Func<NetworkFile, bool> HasOwnShape { get; init; }

    /// <summary>The words of which the names of Wan's own files are made.</summary>
    public required Regex OwnWords { get; init; }

    /// <summary>What stands in the names of this part's files, or of the folder that they are in, and of no other's.</summary>
    public required Regex Mark { get; init; }

    /// <summary>The classes that describe a part of this kind, Wan's and others'.</summary>
    public required Regex AnyClass { get; init; }

    /// <summary>Those of them that describe Wan's.</summary>
    public required Regex OwnClass { get; init; }

    /// <summary>The umT5 encoder of a transformer.</summary>
    public static PartKind TextEncoder(TransformerConfig transformer) =>
        new()
        {
            What = "text encoder (umT5)",
            Which = $"of width {transformer.TextDim}",
            Published = "umt5_xxl_fp16.safetensors (text_encoders) or models_t5_umt5-xxl-enc-bf16.pth",
            Option = PartOptions.TextEncoder,
            NetworkOf = file => file.TextEncoder,
            Fits = file => file.TextEncoder?.Dim == transformer.TextDim,
            HasOwnShape = file => file.TextEncoder == new Umt5Config(),
            OwnWords = TextEncoderWords(),
            Mark = TextEncoderMark(),
            AnyClass = TextEncoderClass(),
            OwnClass = OwnTextEncoderClass(),
        };

    /// <summary>The VAE of a transformer.</summary>
    public static PartKind Vae(TransformerConfig transformer)
    {
        var isWan22 = transformer.OutChannels == VaeConfig.Wan22.LatentChannels;
        var own = isWan22 ? VaeConfig.Wan22 : VaeConfig.Wan21;
        return new PartKind
        {
            What = "VAE",
            Which = $"of {transformer.OutChannels} latent channels",
            Published = isWan22 ? "wan2.2_vae.safetensors (vae) or Wan2.2_VAE.pth" : "wan_2.1_vae.safetensors (vae) or Wan2.1_VAE.pth",
            Option = PartOptions.Vae,
            NetworkOf = file => file.Vae,
            Fits = file => file.Vae is { FrameScale: 1 } vae && vae.LatentChannels == transformer.OutChannels, // larger frames: --decoder
            HasOwnShape = file =>
                file.Vae is { } vae && (vae.Dim, vae.DecoderDim, vae.ResidualBlocks) == (own.Dim, own.DecoderDim, own.ResidualBlocks),
            OwnWords = VaeWords(),
            Mark = VaeMark(),
            AnyClass = VaeClass(),
            OwnClass = OwnVaeClass(),
        };
    }

    /// <summary>The CLIP image encoder of a transformer that takes features of a width.</summary>
    public static PartKind VisionEncoder(int width) =>
        new()
        {
            What = "CLIP image encoder",
            Which = $"of width {width}",
            Published = "clip_vision_h.safetensors (clip_vision) or models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth",
            Option = PartOptions.VisionEncoder,
            NetworkOf = file => file.VisionEncoder,
            Fits = file => file.VisionEncoder?.Dim == width,
            HasOwnShape = file => file.VisionEncoder == new VisionEncoderConfig(),
            OwnWords = VisionWords(),
            Mark = VisionMark(),
            AnyClass = VisionClass(),
            OwnClass = OwnVisionClass(),
        };

    /// <summary>
    /// Whether a file belongs to another family of models, whose networks may have the same shape (Qwen-Image's VAE): the description
    /// next to it says so, or its name. Of a file whose name does not say that it is Wan's, the two folders around it count.
    /// </summary>
    public bool IsOfOthers(NetworkFile file)
    {
        if (file.Class is { } described && AnyClass.IsMatch(described))
        {
            return !OwnClass.IsMatch(described);
        }

        var name = FileWords.Stem(file.Path);
        var folder = Path.GetDirectoryName(Path.GetFullPath(file.Path)) ?? "";
        return OtherFamilies().IsMatch(name)
            || !WanWords().IsMatch(name)
                && OtherFamilies().IsMatch($"{Path.GetFileName(Path.GetDirectoryName(folder))}/{Path.GetFileName(folder)}");
    }

    /// <summary>
    /// How far a file is from Wan's own: 0 if it has the shape and is called so, 1 if it has the shape, 2 if it is called so, 3 otherwise.
    /// </summary>
    public int Strangeness(NetworkFile file) => (HasOwnShape(file) ? 0 : 2) + (IsCalledOwn(file) ? 0 : 1);

    /// <summary>Whether a file is called as Wan's own part is, and cannot be used.</summary>
    public bool IsBroken(NetworkFile file)
    {
        if (file.Problem is null || NetworkOf(file) is not null || !IsCalledOwn(file))
        {
            return false;
        }

        var folder = Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(file.Path)))!;
        return Mark.IsMatch(FileWords.Stem(file.Path).ToLowerInvariant()) || Mark.IsMatch(folder.ToLowerInvariant());
    }

    /// <summary>Whether a file is called as Wan's own part is.</summary>
    public bool IsCalledOwn(NetworkFile file) =>
        OwnWords.Replace(FileWords.WithoutPrecision(FileWords.Stem(file.Path)).ToLowerInvariant(), "").Length == 0;

    [GeneratedRegex("qwen|hunyuan|flux|sdxl|ltxv?|cosmos|mochi|hidream|anima(?![a-z])", RegexOptions.IgnoreCase)]
    private static partial Regex OtherFamilies();

    [GeneratedRegex("wan|umt5|(?<![0-9])2[._]?[12](?![0-9])|clip_vision_h(?![a-z])|xlm-roberta", RegexOptions.IgnoreCase)]
    private static partial Regex WanWords();

    [GeneratedRegex(@"models?|pytorch|umt5|t5|xxl|encoder|enc|text|google|wan|only|comfy|[-_. 0-9]")]
    private static partial Regex TextEncoderWords();

    [GeneratedRegex(@"diffusion|pytorch|models?|wan|video|vae|ai|comfy|[-_. 0-9]")]
    private static partial Regex VaeWords();

    [GeneratedRegex("models?|pytorch|clip|open|vision|visual|xlm|roberta|large|vit|huge|image|encoder|wan|comfy|h(?![a-z])|[-_. 0-9]")]
    private static partial Regex VisionWords();

    [GeneratedRegex("T5")]
    private static partial Regex TextEncoderClass();

    [GeneratedRegex("^UMT5")]
    private static partial Regex OwnTextEncoderClass();

    [GeneratedRegex("^Autoencoder|VAE|Vae")]
    private static partial Regex VaeClass();

    [GeneratedRegex("^AutoencoderKLWan")]
    private static partial Regex OwnVaeClass();

    [GeneratedRegex("CLIP|Vision")]
    private static partial Regex VisionClass();

    [GeneratedRegex("^CLIP(Vision)?Model")]
    private static partial Regex OwnVisionClass();

    [GeneratedRegex("umt5|text_?encoder(?!s)")]
    private static partial Regex TextEncoderMark();

    [GeneratedRegex("vae")]
    private static partial Regex VaeMark();

    [GeneratedRegex("clip|image_?encoder|vision")]
    private static partial Regex VisionMark();
}
