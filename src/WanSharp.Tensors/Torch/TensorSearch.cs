namespace WanSharp.Tensors.Torch;

/// <summary>
/// Says whether values of a pickle hold a tensor, or what may be made of one. Values may be shared, and go round: in each search each is
/// looked at once, and after some millions in all of them, any is taken for such.
/// </summary>
internal sealed class TensorSearch
{
    private const int MostLookedAt = 1 << 22;

    private int _looked;

    /// <summary>Whether one of some values holds a tensor.</summary>
    public bool IsIn(IEnumerable<object?> values)
    {
        var (waiting, seen) = (new Stack<object?>(values), new HashSet<object>(ReferenceEqualityComparer.Instance));
        while (waiting.TryPop(out var value))
        {
            if (value is TorchTensor or TorchStorage or TorchObject { HasTensor: true } || ++_looked > MostLookedAt)
            {
                return true;
            }

            var inner = value is Dictionary<string, object?> dictionary ? dictionary.Values : value as IEnumerable<object?>;
            foreach (var item in inner is not null && seen.Add(value!) ? inner : [])
            {
                waiting.Push(item);
            }
        }

        return false;
    }
}
