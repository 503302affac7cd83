using WanSharp.Tensors;

namespace WanSharp.Media.Clips;

/// <summary>
/// Where an output is placed on disk, links followed: what would refuse the clip at the end refuses it before anything is computed.
/// </summary>
internal sealed class OutputPlace
{
    private readonly OutputTarget _target;

    private OutputPlace(OutputTarget target, string folder, string name) => (_target, Folder, Name) = (target, folder, name);

    /// <summary>The folder that gets the file or files.</summary>
    public string Folder { get; }

    /// <summary>The file's name, or the pattern of a sequence.</summary>
    public string Name { get; }

    /// <summary>How messages begin.</summary>
    public string Failure => $"{_target.Shown} cannot be written";

    /// <summary>Finds the place.</summary>
    /// <exception cref="MediaException">Something else is there, the folder is missing, or a link leads nowhere.</exception>
    public static OutputPlace Find(OutputTarget target)
    {
        try
        {
            var place =
                target.Kind == OutputKind.PngSequence
                    ? new OutputPlace(target, FileFacts.RealPath(target.Folder), target.Name)
                    : OfFile(target, FileFacts.RealPath(target.FullPath));
            place.RequireFolder();
            return place;
        }
        catch (Exception exception) when (exception is not MediaException and (IOException or UnauthorizedAccessException))
        {
            throw new MediaException($"{target.Shown} cannot be written: {exception.Message}", exception);
        }
    }

    /// <summary>
    /// Makes the hidden folder that the clip grows in, on the same volume, so that the last step is a rename; finds out whether
    /// the place takes a file of that name.
    /// </summary>
    /// <exception cref="MediaException">It does not.</exception>
    public WorkFolder MakeWorkFolder()
    {
        try
        {
            var work = WorkFolder.Create(Directory.Exists(Folder) ? Folder : Path.GetDirectoryName(Folder)!);
            try
            {
                var name = work[_target.Kind == OutputKind.PngSequence ? _target.NameOf(1) : Name];
                File.WriteAllBytes(name, []);
                File.Delete(name);
                return work;
            }
            catch
            {
                work.Dispose();
                throw;
            }
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new MediaException($"{Failure}: this user may not write in {Folder}. Name another folder.", exception);
        }
        catch (IOException exception)
        {
            // Without the path, which is that of a hidden folder.
            throw new MediaException($"{Failure}: {exception.Message.Split(" : '")[0].TrimEnd('.')}.", exception);
        }
    }

    /// <summary>Refuses names of a sequence's pictures that folders have, and a longer clip's pictures.</summary>
    /// <param name="frames">How many there will be.</param>
    /// <exception cref="MediaException">One is there.</exception>
    public void RequireRoomFor(int frames)
    {
        if (_target.Kind != OutputKind.PngSequence || !Directory.Exists(Folder))
        {
            return;
        }

        var next = _target.NameOf(frames + 1);
        if (File.Exists(Path.Combine(Folder, next)))
        {
            throw new MediaException(
                $"{Failure}: {_target.Folder} holds {next} of a longer clip, which would seem to be part of this one: "
                    + (_target.IsFolder ? "empty the folder, or name another." : "move that clip's pictures, or choose another name.")
            );
        }

        if (
            Enumerable.Range(1, frames).Select(_target.NameOf).FirstOrDefault(name => Directory.Exists(Path.Combine(Folder, name))) is
            { } folder
        )
        {
            throw new MediaException(
                $"{Failure}: {_target.Folder} holds a folder {folder}, where a picture would go: move it, or choose another name."
            );
        }
    }

    private static OutputPlace OfFile(OutputTarget target, string file)
    {
        var failure = $"{target.Shown} cannot be written";
        if (SpecialFile.Describe(file) is { } special)
        {
            throw new MediaException(
                $"{failure}: it is {special}. A clip is written next to its place and moved there when it is whole: name a file."
            );
        }

        if (Directory.Exists(file))
        {
            throw new MediaException($"{failure}: it is a folder.");
        }

        return File.Exists(file) && File.GetAttributes(file).HasFlag(FileAttributes.ReadOnly)
            ? throw new MediaException($"{failure}: a file is there that may only be read. Remove it, or name another.")
            : new OutputPlace(target, Path.GetDirectoryName(file)!, Path.GetFileName(file));
    }

    private void RequireFolder()
    {
        if (File.Exists(Folder))
        {
            throw new MediaException($"{Failure}: {_target.Folder} is a file, and a folder of that name is wanted.");
        }

        // The folder of a sequence is made; those above it are not.
        var parent = _target.Kind == OutputKind.PngSequence && !Directory.Exists(Folder) ? Path.GetDirectoryName(Folder) : Folder;
        if (!Directory.Exists(parent))
        {
            throw new MediaException(
                File.Exists(parent)
                    ? $"{Failure}: {parent} is a file, and a folder of that name is wanted."
                    : $"{Failure}: there is no folder {parent}. Make it first."
            );
        }

        if (_target.IsFolder)
        {
            RequireOwnFolder();
        }
    }

    /// <summary>
    /// Frames fill a folder: of one that holds other things, or is a disk's root, nobody means it, and nobody could tell the frames
    /// from the rest afterwards.
    /// </summary>
    private void RequireOwnFolder()
    {
        if (Path.GetPathRoot(Folder) == Folder)
        {
            throw new MediaException($"{Failure}: {Folder} is the root of a disk. Name a folder for the frames, or a file.");
        }

        if (
            Directory.Exists(Folder)
            && Directory.EnumerateFileSystemEntries(Folder).Select(Path.GetFileName).FirstOrDefault(name => !IsFrame(name!)) is { } other
        )
        {
            throw new MediaException(
                $"{Failure}: {_target.Folder} holds other things ({other}), and the frames fill a folder: name a new one, such as "
                    + $"{Path.Join(_target.Folder, "frames")}/, or the frames, such as {Path.Join(_target.Folder, "clip-%04d.png")}."
            );
        }
    }

    /// <summary>Whether a name is a frame's of an earlier clip, or one that file managers leave everywhere.</summary>
    private static bool IsFrame(string name) =>
        name.StartsWith('.')
        || name is "Thumbs.db" or "desktop.ini"
        || (Path.GetExtension(name) == ".png" && Path.GetFileNameWithoutExtension(name).All(char.IsAsciiDigit));
}
