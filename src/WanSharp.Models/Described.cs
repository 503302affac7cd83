using WanSharp.Graphs;
using WanSharp.Tensors;

namespace WanSharp.Models;

/// <summary>Checks dimensions that a file described, so that an error names the file.</summary>
internal static class Described
{
    public static T Valid<T>(string source, T configuration, Action<T> validate)
    {
        try
        {
            validate(configuration);
            return configuration;
        }
        catch (GraphException e)
        {
            throw new CheckpointException(source, e.Message, e);
        }
    }
}
