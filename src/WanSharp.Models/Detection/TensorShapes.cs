using System.Globalization;
using WanSharp.Tensors;

namespace WanSharp.Models.Detection;

/// <summary>Reads a network's dimensions off its tensors.</summary>
internal static class TensorShapes
{
    // A header can list names without end; a network of more layers would keep the graph builder busy for ever.
    private const int MostLayers = 1000;

    extension(ICheckpoint weights)
    {
        /// <summary>The shape of a tensor that must be there and have this many dimensions.</summary>
        /// <exception cref="CheckpointException">It is not, or has not.</exception>
        public int[] ShapeOf(string name, int rank)
        {
            var shape = weights.Get(name).Shape;
            return shape.Rank == rank && shape.Dims.ToArray().All(dim => dim is > 0 and <= int.MaxValue)
                ? [.. shape.Dims.ToArray().Select(dim => (int)dim)]
                : throw new CheckpointException(weights.Path, name, $"its shape is {shape}, but {rank} dimensions are expected there.");
        }

        /// <summary>The first length of a tensor that must be there.</summary>
        public int LengthOf(string name) =>
            weights.Get(name).Shape is { Rank: > 0 } shape && shape[0] is > 0 and <= int.MaxValue
                ? (int)shape[0]
                : throw new CheckpointException(weights.Path, name, "it is a single number, or empty.");

        /// <summary>Whether there is a tensor of that name.</summary>
        public bool Has(string name) => weights.Tensors.ContainsKey(name) || weights.Unsupported.ContainsKey(name);

        /// <summary>Whether there is a tensor whose name begins so.</summary>
        public bool HasAny(string start) =>
            weights.Tensors.Keys.Concat(weights.Unsupported.Keys).Any(name => name.StartsWith(start, StringComparison.Ordinal));

        /// <summary>
        /// How many layers there are: up to the last that a tensor is of, so that one that is lost is missed when it is needed.
        /// </summary>
        /// <param name="list">What stands before a layer's number, such as <c>blocks.</c></param>
        /// <exception cref="CheckpointException">There are more than a network can have.</exception>
        public int CountLayers(string list)
        {
            var count = weights.Tensors.Keys.Concat(weights.Unsupported.Keys).Max(name => LayerOf(name, list)) + 1;
            return count <= MostLayers
                ? count
                : throw new CheckpointException(
                    weights.Path,
                    $"its tensors are of more than {MostLayers} layers ({list}*); the file is damaged."
                );
        }
    }

    private static int LayerOf(string name, string list)
    {
        if (!name.StartsWith(list, StringComparison.Ordinal))
        {
            return -1;
        }

        var digits = name.AsSpan(list.Length);
        digits = digits[..Math.Max(0, digits.IndexOf('.'))];
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var layer) ? Math.Min(layer, MostLayers) : -1;
    }
}
