using WanSharp.Tensors;

namespace WanSharp.Models;

/// <summary>The files of one kind of network that clips name, each opened once.</summary>
/// <remarks>Thread-safe. A file that changed is opened again; what was opened before stays mapped for the clips that have it.</remarks>
/// <param name="open">Opens a file.</param>
internal sealed class NetworkShelf<T>(Func<string, T> open) : IDisposable
    where T : NamedNetworkFile
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, T> _open = [];
    private readonly List<T> _replaced = [];

    /// <summary>The file that a clip names.</summary>
    /// <param name="field">The setting that names it, for messages.</param>
    /// <param name="locator">Finds it.</param>
    /// <param name="nameOrPath">What it is called.</param>
    /// <exception cref="InvalidRequestException">There is no such file, it is something else, or it is damaged.</exception>
    public T Find(string field, NetworkLocator locator, string nameOrPath)
    {
        try
        {
            return Open(locator.Find(nameOrPath));
        }
        catch (CheckpointException e)
        {
            throw new InvalidRequestException(field, e.Message) { IsOfFile = true };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidRequestException(field, $"{nameOrPath}: it cannot be read: {e.Message}") { IsOfFile = true };
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var file in _open.Values.Concat(_replaced))
            {
                file.Dispose();
            }

            _open.Clear();
            _replaced.Clear();
        }
    }

    private T Open(string path)
    {
        lock (_gate)
        {
            if (_open.TryGetValue(path, out var known) && known.IsUnchanged)
            {
                return known;
            }

            var file = open(path);
            if (known is not null)
            {
                _replaced.Add(known);
            }

            return _open[path] = file;
        }
    }
}
