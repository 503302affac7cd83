using System.Text.RegularExpressions;
using WanSharp.Tensors;

namespace WanSharp.Models.Detection;

/// <summary>
/// Families whose transformers have the tensors of plain Wan, of the same shapes, and are told by their names alone: what makes them
/// different is in other files, or in what they are given.
/// </summary>
/// <remarks>
/// Sources: OpenImagingLab/FlashVSR (its LQ_proj_in is a file of its own); Phantom-video/Phantom; ali-vilab/Wan-Move; bytedance/ATI;
/// MAGREF-Video/MAGREF; BindWeave/BindWeave; D2I-ai/EchoShot.
/// </remarks>
internal static partial class NamedFamilies
{
    private const int FoldersOfGenericNames = 4; // models--ORG--NAME/snapshots/COMMIT/high_noise_model

    private static readonly (Regex Name, string Family, string Loss)[] Known =
    [
        (Phantom(), "Phantom", "its reference images cannot be given here: it makes clips of text alone, as plain Wan does"),
        (WanMove(), "Wan-Move", "its tracks cannot be given here: it makes clips of an image and text alone, as plain Wan does"),
        (Ati(), "ATI", "its tracks cannot be given here: it makes clips of an image and text alone, as plain Wan does"),
        (Magref(), "MAGREF", "it was made for reference images, and takes what it is given for the first frame here"),
        (BindWeave(), "BindWeave", "its reference images cannot be given here: it takes what it is given for the first frame"),
        (EchoShot(), "EchoShot", "its several shots in one clip are not made here: it makes one of text, as plain Wan does"),
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
    public static bool IsInpainting(string path) => Names(path).Any(name => Inpainting().IsMatch(name));

    /// <summary>A file's name and its folder's; where the file is called as all are, those of the folders above it, too.</summary>
    private static IEnumerable<string> Names(string path)
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

    [GeneratedRegex("echo[-_ ]?shot", RegexOptions.IgnoreCase)]
    private static partial Regex EchoShot();
}
