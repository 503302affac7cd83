using System.Text.RegularExpressions;
using WanSharp.Tensors;

namespace WanSharp.Models.Detection;

/// <summary>
/// Families whose transformers have the tensors of plain Wan, of the same shapes, and are told by their names alone: what makes them
/// different is in other files, or in what they are given.
/// </summary>
/// <remarks>
/// Sources: OpenImagingLab/FlashVSR (its LQ_proj_in is a file of its own); Phantom-video/Phantom; ali-vilab/Wan-Move; bytedance/ATI;
/// MAGREF-Video/MAGREF; BindWeave/BindWeave; D2I-ai/EchoShot; nv-tlabs/ChronoEdit; SkyworkAI/SkyReels-A2 and -V2; stdstu12/YUME;
/// Orange-3DV-Team/MoCha; hlwang06/HoloCine; guandeh17/Self-Forcing; tianweiy/CausVid; NVlabs/LongLive; krea-ai/realtime-video.
/// </remarks>
internal static partial class NamedFamilies
{
    private const int FoldersOfGenericNames = 4; // models--ORG--NAME/snapshots/COMMIT/high_noise_model

    private const string InChunks =
        "it was made for clips in chunks that see nothing later, and all frames are made at once here, which is near to it for short "
        + "clips only";

    private static readonly (Regex Name, string Family, string Loss)[] Known =
    [
        (Phantom(), "Phantom", "its reference images cannot be given here: it makes clips of text alone, as plain Wan does"),
        (WanMove(), "Wan-Move", "its tracks cannot be given here: it makes clips of an image and text alone, as plain Wan does"),
        (Ati(), "ATI", "its tracks cannot be given here: it makes clips of an image and text alone, as plain Wan does"),
        (Magref(), "MAGREF", "it was made for reference images, and takes what it is given for the first frame here"),
        (BindWeave(), "BindWeave", "its reference images cannot be given here: it takes what it is given for the first frame"),
        (EchoShot(), "EchoShot", "its several shots in one clip are not made here: it makes one of text, as plain Wan does"),
        (HoloCine(), "HoloCine", "its several shots in one clip are not made here: it makes one of text, as plain Wan does"),
        (ChronoEdit(), "ChronoEdit", "it was made to edit an image, and makes a clip of it here, as plain Wan does"),
        (SkyReelsA2(), "SkyReels-A2", "its reference images cannot be given here: it takes what it is given for the first frame"),
        (
            SkyReels(),
            "SkyReels V2 or V3",
            "its longer clips (diffusion forcing) are not made here, and it was trained on 24 frames a second"
        ),
        (Mocha(), "MoCha", "its video and mask cannot be given here: it makes clips of text alone, as plain Wan does"),
        (Yume(), "Yume", "its walks and camera moves cannot be given here: it makes clips of an image and text alone, as plain Wan does"),
        (Causal(), "Self-Forcing, CausVid, LongLive or Krea Realtime", InChunks),
    ];

    /// <summary>Refuses a transformer that makes no clips of text or images, whatever its tensors look like.</summary>
    /// <exception cref="CheckpointException">It is one.</exception>
    public static void Refuse(string path)
    {
        if (Names(path).Any(name => FlashVsr().IsMatch(name)))
        {
            throw new CheckpointException(
                path,
                "by its name it is the transformer of FlashVSR, which enlarges clips, and not one that makes them: as plain Wan it would "
                    + "make another clip than you asked for. To enlarge frames, see --upscale; rename the file if it is something else."
            );
        }
    }

    /// <summary>What a transformer cannot do here that its name promises; null for nothing.</summary>
    public static string? NoteOf(string path) =>
        Known
            .Where(family => Names(path).Any(name => family.Name.IsMatch(name)))
            .Select(family => $"{path} is called {family.Family}: {family.Loss}.")
            .FirstOrDefault();

    /// <summary>
    /// Whether a transformer is called as VideoX-Fun's InP are, which have the tensors of image-to-video models, and were trained for a
    /// last frame, and for none, too.
    /// </summary>
    /// <remarks>A folder says so only of a file that says nothing itself, and only by the whole name that VideoX-Fun gives.</remarks>
    public static bool IsInpainting(string path)
    {
        var own = Path.GetFileName(path);
        return (!ImageToVideo().IsMatch(own) || Fun().IsMatch(own))
            && (Inpainting().IsMatch(own) || Names(path).Any(FunInpainting().IsMatch));
    }

    /// <summary>A file's name and its folder's; where the file is called as all are, those of the folders above it, too.</summary>
    public static IEnumerable<string> Names(string path)
    {
        var file = Path.GetFileName(path);
        yield return file;
        var folder = Path.GetDirectoryName(Path.GetFullPath(path));
        var folders = Generic().IsMatch(file) ? FoldersOfGenericNames : 1;
        for (var i = 0; i < folders && Path.GetFileName(folder) is { Length: > 0 } name; i++)
        {
            yield return name;
            folder = Path.GetDirectoryName(folder);
        }
    }

    [GeneratedRegex("^(diffusion_pytorch_)?(pytorch_)?model[-.]", RegexOptions.IgnoreCase)]
    private static partial Regex Generic();

    [GeneratedRegex("(?<![a-z])fun[-_. ]?(?:.*[-_. ])?inp", RegexOptions.IgnoreCase)]
    private static partial Regex FunInpainting();

    [GeneratedRegex("(?<![a-z])i2v(?![a-z])", RegexOptions.IgnoreCase)]
    private static partial Regex ImageToVideo();

    [GeneratedRegex("(?<![a-z])fun(?![a-z])|funinp", RegexOptions.IgnoreCase)]
    private static partial Regex Fun();

    [GeneratedRegex("(?<![A-Za-z])inp(?:aint)?(?:ing)?(?![a-z])|fun[-_. ]?inp", RegexOptions.IgnoreCase)]
    private static partial Regex Inpainting();

    [GeneratedRegex("flash[-_ ]?vsr|streaming_dmd", RegexOptions.IgnoreCase)]
    private static partial Regex FlashVsr();

    [GeneratedRegex("(?<![a-z])phantom(?![a-z])", RegexOptions.IgnoreCase)]
    private static partial Regex Phantom();

    [GeneratedRegex("(?<![a-z])wan[-_ ]?move(?![a-z])", RegexOptions.IgnoreCase)]
    private static partial Regex WanMove();

    [GeneratedRegex("(?<![A-Za-z])ATI(?![A-Za-z])")]
    private static partial Regex Ati();

    [GeneratedRegex("magref", RegexOptions.IgnoreCase)]
    private static partial Regex Magref();

    [GeneratedRegex("bind[-_ ]?weave", RegexOptions.IgnoreCase)]
    private static partial Regex BindWeave();

    [GeneratedRegex("holo[-_ ]?cine(?!ma)", RegexOptions.IgnoreCase)]
    private static partial Regex HoloCine();

    [GeneratedRegex("chrono[-_ ]?edit", RegexOptions.IgnoreCase)]
    private static partial Regex ChronoEdit();

    [GeneratedRegex("sky[-_ ]?reels[-_ ]?a2(?![a-z0-9])", RegexOptions.IgnoreCase)]
    private static partial Regex SkyReelsA2();

    [GeneratedRegex("sky[-_ ]?reels[-_ ]?v[23](?![0-9])", RegexOptions.IgnoreCase)]
    private static partial Regex SkyReels();

    [GeneratedRegex("(?<![a-z])mocha(?![a-z])", RegexOptions.IgnoreCase)]
    private static partial Regex Mocha();

    [GeneratedRegex("(?<![a-z])yume(?![a-z])", RegexOptions.IgnoreCase)]
    private static partial Regex Yume();

    // LightX2V's distillation for whole clips is called self-forcing, too.
    [GeneratedRegex(
        "^(?!.*(?:lightx2v|step[-_ ]?distill)).*(?:self[-_ ]?forcing|causvid|long[-_ ]?live(?![a-z])|krea[-_ ]?realtime)",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex Causal();

    [GeneratedRegex("echo[-_ ]?shot", RegexOptions.IgnoreCase)]
    private static partial Regex EchoShot();
}
