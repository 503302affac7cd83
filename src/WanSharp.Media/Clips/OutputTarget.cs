using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using WanSharp.Tensors;

namespace WanSharp.Media.Clips;

/// <summary>Where a clip goes and as what, read from the path that the user wrote. Immutable.</summary>
public sealed partial record OutputTarget
{
    private const string SequenceName = "%04d.png";
    private const int MostOfName = 255;

    private static readonly (string Extension, OutputKind Kind)[] Extensions =
    [
        (".mp4", OutputKind.Mp4),
        (".webm", OutputKind.WebM),
        (".gif", OutputKind.Gif),
        (".webp", OutputKind.WebP),
        (".mkv", OutputKind.Lossless),
        (".png", OutputKind.ContactSheet),
    ];

    /// <summary>The formats of clips that are one file, as extensions with dots.</summary>
    public static IReadOnlyList<string> Formats { get; } = [.. Extensions.Select(known => known.Extension)];

    private OutputTarget(OutputKind kind, string folder, string name) => (Kind, Folder, Name) = (kind, folder, name);

    /// <summary>The format.</summary>
    public OutputKind Kind { get; }

    /// <summary>The full path of the folder that gets the file or files.</summary>
    public string Folder { get; }

    /// <summary>The file's name; for a sequence with a <c>%d</c> in the place of the number, which begins at 1.</summary>
    public string Name { get; }

    /// <summary>Whether a folder was named (<c>frames/</c>), which then holds the clip's pictures and nothing else.</summary>
    internal bool IsFolder { get; private init; }

    /// <summary>The full path of the file; for a sequence that of its pattern.</summary>
    public string FullPath => Path.Combine(Folder, Name);

    /// <summary>What to call it in messages: the folder that was named, or the file or pattern in it.</summary>
    public string Shown => IsFolder ? Folder : FullPath;

    /// <summary>Reads a path. Touches no file.</summary>
    /// <exception cref="ArgumentException">The path names no format; the message lists those that exist.</exception>
    public static OutputTarget Parse(string path) =>
        TryParse(path, out var target, out var error) ? target : throw new ArgumentException(error, nameof(path));

    /// <summary>Reads a path. Writes nothing.</summary>
    /// <param name="path">What the user wrote.</param>
    /// <param name="target">Where the clip goes.</param>
    /// <param name="error">When the path names no format: one line with those that exist.</param>
    public static bool TryParse(string path, [NotNullWhen(true)] out OutputTarget? target, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(path);
        var full = Path.GetFullPath(path.Length > 0 ? path : "?");
        var (folder, name) = (Path.GetDirectoryName(full), Path.GetFileName(full));
        (target, error) = (null, null);
        if (OperatingSystem.IsWindows() && full.Split(Path.DirectorySeparatorChar).FirstOrDefault(DeviceName.Is) is { } device)
        {
            error = $"'{device}' in {path} is a device's name on Windows: choose another.";
            return false;
        }

        if (path.EndsWith('/') || path.EndsWith(Path.DirectorySeparatorChar))
        {
            target = new OutputTarget(OutputKind.PngSequence, Path.TrimEndingDirectorySeparator(full), SequenceName) { IsFolder = true };
            return true;
        }

        var extension = Path.GetExtension(name).ToLowerInvariant();
        foreach (var known in Extensions)
        {
            if (known.Extension == extension && folder is not null && LengthOf(name) <= MostOfName && !Directory.Exists(full))
            {
                var isSequence = known.Kind == OutputKind.ContactSheet && FrameNumber().Count(name) == 1;
                target = new OutputTarget(isSequence ? OutputKind.PngSequence : known.Kind, folder, name);
                return true;
            }
        }

        error = WhyNot(path, full);
        return false;
    }

    private static int LengthOf(string name) => OperatingSystem.IsWindows() ? name.Length : Encoding.UTF8.GetByteCount(name);

    private static string WhyNot(string path, string full)
    {
        if (path.Length == 0)
        {
            return "The output is empty: name a file, such as clip.mp4, or leave it out to name the clip after its prompt.";
        }

        if (LengthOf(Path.GetFileName(full)) is > MostOfName and var length)
        {
            return $"The name of the output, '{Path.GetFileName(full)[..20]}…', is {length} bytes long, and file systems take "
                + $"{MostOfName}: shorten it.";
        }

        if (SpecialFile.Describe(full) is { } special)
        {
            return $"{path} is {special}, and a clip is written as a file: name one, such as clip.mp4.";
        }

        return Directory.Exists(full)
            ? $"{path} is a folder: write {Path.TrimEndingDirectorySeparator(path)}/ for one PNG per frame in it, or a file name in "
                + $"it such as {Path.Join(path, "clip.mp4")}."
            : $"'{path}' names no format that can be written: end it in .mp4, .webm, .gif, .webp, .mkv (lossless), "
                + ".png (all frames in one picture), -%04d.png or / (one PNG per frame).";
    }

    /// <summary>The same place, as animated WebP.</summary>
    internal OutputTarget AsWebP() => new(OutputKind.WebP, Folder, Path.ChangeExtension(Name, WithoutFfmpeg.Extension));

    /// <summary>The name of one file of a sequence.</summary>
    internal string NameOf(int number) =>
        FrameNumber()
            .Replace(
                Name,
                pattern =>
                {
                    var digits = pattern.Groups[1].Length > 0 ? int.Parse(pattern.Groups[1].Value, CultureInfo.InvariantCulture) : 1;
                    return number.ToString($"D{digits}", CultureInfo.InvariantCulture);
                }
            );

    [GeneratedRegex("%0?([1-9]?)d")]
    private static partial Regex FrameNumber();
}
