using WanSharp.Engine.Requests;
using WanSharp.Models;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Engine.Planning;

/// <summary>A clip or a picture that a clip is made after. Nothing of it is read yet, except for its digest.</summary>
/// <param name="Field">The setting that names it, for messages.</param>
/// <param name="Part">Which part of it, with its full path.</param>
internal sealed record ControlFile(string Field, ClipPart Part)
{
    // Where people keep them next to models.
    private static readonly string[] Places = ["", "controls"];

    private readonly FileStamp _stamp = FileStamp.Of(Part.File);

    /// <summary>The file.</summary>
    public string Path => Part.File;

    /// <summary>Finds the file that a setting names.</summary>
    /// <param name="field">The setting.</param>
    /// <param name="text">Its value.</param>
    /// <param name="folders">Folders to look for names in.</param>
    /// <exception cref="InvalidRequestException">There is none.</exception>
    public static ControlFile Find(string field, string text, IReadOnlyList<string> folders)
    {
        var part = ClipPart.Parse(text) ?? throw new InvalidRequestException(field, $"'{text}' is neither a file nor a part of one.");
        if (System.IO.File.Exists(part.File))
        {
            return new ControlFile(field, part with { File = System.IO.Path.GetFullPath(part.File) });
        }

        var isName = System.IO.Path.GetFileName(part.File) == part.File;
        var found = folders
            .SelectMany(folder => Places, (folder, place) => System.IO.Path.Combine(folder, place, part.File))
            .FirstOrDefault(path => isName && System.IO.File.Exists(path));
        return found is not null
            ? new ControlFile(field, part with { File = System.IO.Path.GetFullPath(found) })
            : throw new InvalidRequestException(
                field,
                $"{part.File}: there is no such file{(isName ? $", nor one of that name in {string.Join(", ", folders)}" : "")}."
            )
            {
                IsOfFile = true,
            };
    }

    /// <summary>What the clip embeds, with the file's digest where it is read.</summary>
    /// <exception cref="InvalidRequestException">It cannot be read.</exception>
    public UsedClip ToUsed(FileDigests? digests)
    {
        try
        {
            var digest = digests?.OfEach([Path], read: null, CancellationToken.None)[0] ?? "";
            return new UsedClip(System.IO.Path.GetFileName(Path), digest, Part.From, Part.To);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidRequestException(Field, $"{Path} cannot be read: {e.Message}") { IsOfFile = true };
        }
    }

    /// <summary>How the file was when the clip was planned.</summary>
    public FileStamp Stamp => _stamp;

    /// <exception cref="InvalidRequestException">The file is not what it was when the clip was planned.</exception>
    public void RequireUnchanged()
    {
        if (FileStamp.Of(Path) != _stamp)
        {
            throw new InvalidRequestException(Field, $"{Path} is not what it was when the clip was planned: plan the clip again.");
        }
    }
}
