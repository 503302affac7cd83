using System.Globalization;
using System.Text;
using WanSharp.Tensors;

namespace WanSharp.Media.Clips;

/// <summary>A part of a clip that players can jump to.</summary>
/// <param name="Title">What it is called.</param>
/// <param name="FirstFrame">The frame that it begins with, from 0.</param>
public sealed record ClipChapter(string Title, int FirstFrame)
{
    private const string FileName = "chapters";

    /// <summary>Chapters as a file in a work folder, for ffmpeg.</summary>
    /// <returns>The file's name; null where there are no chapters, or the format has none.</returns>
    internal static string? WriteInto(WorkFolder work, OutputKind kind, ClipFormat format, IReadOnlyList<ClipChapter> chapters)
    {
        if (chapters.Count == 0 || kind is not (OutputKind.Mp4 or OutputKind.WebM or OutputKind.Lossless))
        {
            return null;
        }

        File.WriteAllText(work[FileName], Write(chapters, format));
        return FileName;
    }

    /// <summary>Chapters in ffmpeg's metadata format, in milliseconds.</summary>
    internal static string Write(IReadOnlyList<ClipChapter> chapters, ClipFormat format)
    {
        var text = new StringBuilder(";FFMETADATA1\n");
        foreach (var (i, chapter) in chapters.Index())
        {
            var end = i + 1 < chapters.Count ? chapters[i + 1].FirstFrame : format.Frames;
            text.Append(
                CultureInfo.InvariantCulture,
                $"[CHAPTER]\nTIMEBASE=1/1000\nSTART={At(chapter.FirstFrame)}\nEND={At(end)}\ntitle={Escape(chapter.Title)}\n"
            );
        }

        return text.ToString();

        long At(int frame) => (long)Math.Round(frame * 1000.0 / format.Fps);
    }

    /// <summary>A text in which a backslash makes the characters ordinary that mean something to the format.</summary>
    private static string Escape(string text)
    {
        var escaped = new StringBuilder();
        foreach (var c in text)
        {
            if (c is '=' or ';' or '#' or '\\' or '\n')
            {
                escaped.Append('\\');
            }

            escaped.Append(c);
        }

        return escaped.ToString();
    }
}
