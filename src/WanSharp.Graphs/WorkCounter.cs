namespace WanSharp.Graphs;

/// <summary>Counts what the steps of a graph cost for given lengths.</summary>
internal sealed class WorkCounter
{
    // Processors do some ten operations in the time that memory takes for a byte.
    private const int FewOperationsPerByte = 8;

    private readonly IReadOnlyList<GraphStep> _steps;
    private readonly IReadOnlyDictionary<string, long> _lengths;
    private readonly Dictionary<GraphValue, double> _bytes = [];

    private WorkCounter(IReadOnlyList<GraphStep> steps, IReadOnlyDictionary<string, long> lengths) => (_steps, _lengths) = (steps, lengths);

    /// <param name="steps">The steps, in the order in which they run.</param>
    /// <param name="outputs">What is alive at the end.</param>
    /// <param name="weightBytes">Bytes of the weights.</param>
    /// <param name="lengths">A number for each name in the shapes.</param>
    /// <exception cref="GraphException">A name has no number.</exception>
    public static GraphWork Count(
        IReadOnlyList<GraphStep> steps,
        IReadOnlyList<GraphValue> outputs,
        double weightBytes,
        IReadOnlyDictionary<string, long> lengths
    )
    {
        var counter = new WorkCounter(steps, lengths);
        return steps.Aggregate(GraphWork.None, (sum, step) => sum + counter.Count(step)) with
        {
            WeightBytes = weightBytes,
            PeakBytes = counter.Peak(outputs),
        };
    }

    private GraphWork Count(GraphStep step)
    {
        var operations = step.Operations.Evaluate(_lengths);
        return step.Operator switch
        {
            "Gemm" or "MatMul" when operations < FewOperationsPerByte * BytesOf(step) => new GraphWork
            {
                Products = operations,
                MovedBytes = BytesOf(step),
            },
            "Gemm" or "MatMul" => new GraphWork { Products = operations },
            "Conv" => new GraphWork { Convolutions = operations },
            "MultiHeadAttention" => new GraphWork { Attention = operations, MovedBytes = BytesOf(step) },
            _ when operations > 0 => new GraphWork { IntegerProducts = operations },
            _ when step.IsView => GraphWork.None,
            _ => new GraphWork { MovedBytes = BytesOf(step) },
        };
    }

    private double BytesOf(GraphStep step) => step.Inputs.Sum(BytesOf) + step.Outputs.Sum(BytesOf);

    /// <summary>Follows the memory of a run: taken where a value is made, given back after its last reader.</summary>
    private double Peak(IReadOnlyList<GraphValue> outputs)
    {
        var memory = new Dictionary<GraphValue, GraphValue>(); // a value to the one whose memory it is in
        var lastReader = new Dictionary<GraphValue, int>();
        foreach (var (index, step) in _steps.Index())
        {
            foreach (var input in step.Inputs)
            {
                lastReader[Owner(input)] = index;
            }

            if (step is { IsView: true, Inputs: [var source, ..] }) // behind it, the shape that is only known when it runs
            {
                memory[step.Outputs[0]] = Owner(source);
            }
        }

        foreach (var output in outputs)
        {
            lastReader[Owner(output)] = _steps.Count;
        }

        var (alive, peak) = (0.0, 0.0);
        var made = new HashSet<GraphValue>(); // the graph's inputs are their owner's memory
        foreach (var (index, step) in _steps.Index())
        {
            var ending = step.Inputs.Select(Owner).Where(value => lastReader[value] == index && made.Contains(value)).Distinct().ToList();
            if (!step.IsView)
            {
                var written = step.Outputs.Sum(BytesOf);
                var reused = step.WorksInPlace ? ending.Where(value => BytesOf(value) == written).Select(BytesOf).FirstOrDefault() : 0;
                alive += written;
                peak = Math.Max(peak, alive - reused + step.Scratch.Evaluate(_lengths));
                made.UnionWith(step.Outputs);
            }

            alive -=
                ending.Sum(BytesOf) + step.Outputs.Where(output => made.Contains(output) && !lastReader.ContainsKey(output)).Sum(BytesOf);
        }

        return peak;

        GraphValue Owner(GraphValue value) => memory.GetValueOrDefault(value, value);
    }

    private double BytesOf(GraphValue value)
    {
        if (!_bytes.TryGetValue(value, out var bytes))
        {
            _bytes.Add(value, bytes = value.CountBytes(_lengths));
        }

        return bytes;
    }
}
