using WanSharp.Models.Layout;
using WanSharp.Tensors;

namespace WanSharp.Models;

/// <summary>Finds the files that a model is made of. Headers are read once and kept for further models. Not thread-safe.</summary>
public sealed class ModelFinder
{
    private readonly Headers _headers = new();

    /// <summary>The files of the model at a path, as <see cref="WanModel"/> takes them.</summary>
    /// <param name="path">The folder or file.</param>
    /// <param name="named">The parts that were named by hand. Default: none.</param>
    /// <exception cref="CheckpointException">A part is missing, or several files fit.</exception>
    public TakenParts Find(string path, NamedParts? named = null) => FindParts(path, named).Taken;

    /// <summary>What a checkpoint holds.</summary>
    /// <param name="path">The file, or the index of several, or one of those; what cannot be read is a
    /// <see cref="NetworkFile.Problem"/>.</param>
    public NetworkFile Read(string path) => _headers.Read(ShardFiles.SetOf(path));

    /// <summary>What each checkpoint in a folder and the folders below it holds, in the order of their names.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="CheckpointException">There are too many.</exception>
    public IReadOnlyList<NetworkFile> In(string folder) =>
        [.. ModelFiles.In(PartPlaces.SnapshotOf(folder), ModelFiles.Deepest).Select(_headers.Read)];

    /// <summary>
    /// A sentence, with a space before it, about an archive or a piece in a folder or below it, of which a checkpoint can be made; empty
    /// if there is none.
    /// </summary>
    /// <param name="folder">The folder.</param>
    public static string PackedIn(string folder) => PackedFiles.In(folder);

    /// <inheritdoc cref="Find"/>
    internal ModelParts FindParts(string path, NamedParts? named = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        path = ModelDescription.FolderOf(path) ?? path;
        if (File.Exists(path) || (Directory.Exists(path) && !ModelDescription.IsIn(path)))
        {
            return ModelLayout.Find(path, named, _headers);
        }

        var described = ModelDescription.Read(path).InFolder(path);
        return named is null || named.IsEmpty ? described : ModelLayout.With(described, named);
    }
}
