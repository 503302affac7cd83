using WanSharp.Models.Layout;
using WanSharp.Tensors;

namespace WanSharp.Models;

/// <summary>Finds the files that a model is made of. Headers that were read are kept for further models. Not thread-safe.</summary>
public sealed class ModelFinder
{
    private readonly Headers _headers = new();

    /// <summary>The files of the model at a path, as <see cref="WanModel"/> takes them.</summary>
    /// <param name="path">The folder or file.</param>
    /// <param name="named">The parts that were named by hand.</param>
    /// <exception cref="CheckpointException">A part is missing, or several fit.</exception>
    public TakenParts Find(string path, NamedParts? named = null) => FindParts(path, named).Taken;

    /// <inheritdoc cref="Find"/>
    internal ModelParts FindParts(string path, NamedParts? named = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (File.Exists(path) || (Directory.Exists(path) && !ModelDescription.IsIn(path)))
        {
            return ModelLayout.Find(path, named, _headers);
        }

        var described = ModelDescription.Read(path).InFolder(path);
        return named is null || named.IsEmpty ? described : ModelLayout.With(described, named);
    }
}
