using WanSharp.Graphs;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Tests.Networks;

/// <summary>A graph compiled with its weights, run on tensors of its own.</summary>
internal sealed class GraphSession : IDisposable
{
    private readonly List<IDisposable> _owned = [];
    private readonly Dictionary<string, Tensor> _weights = [];
    private readonly Session _session;

    public GraphSession(OrtRuntime runtime, OnnxGraph graph, ICheckpoint weights, string prefix = "")
    {
        foreach (var slot in graph.Weights)
        {
            var weight = weights.Get(prefix + slot.Name);
            Assert.Equal(slot.Shape, weight.Shape);
            _weights[slot.Name] = weight.DType == slot.DType ? weight : Own(weight.ConvertTo(slot.DType));
        }

        _session = Own(Compile(runtime, graph));
    }

    public Dictionary<string, Tensor> Run(params (string Name, Tensor Value)[] inputs)
    {
        using var run = _session.Prepare();
        foreach (var (name, value) in inputs)
        {
            run.SetInput(name, value);
        }

        foreach (var (name, value) in _weights.Where(weight => _session.Inputs.Any(input => input.Name == weight.Key)))
        {
            run.SetInput(name, value);
        }

        using var result = run.Run(TestContext.Current.CancellationToken);
        return result.Values.ToDictionary(value => value.Key, value => Own(Copy(value.Value.AsTensor())));
    }

    public void Dispose()
    {
        _owned.Reverse();
        _owned.ForEach(owned => owned.Dispose());
    }

    /// <summary>With initializers, by way of the files that an export writes.</summary>
    private Session Compile(OrtRuntime runtime, OnnxGraph graph)
    {
        if (graph.Options.Weights == WeightStorage.Inputs)
        {
            return runtime.CreateSession(graph.ToBytes(), new SessionSettings { Name = graph.Name });
        }

        var folder = Directory.CreateTempSubdirectory("wansharp-");
        try
        {
            var path = Path.Combine(folder.FullName, "model.onnx");
            graph.Save(path, name => _weights[name]);
            Assert.Equal(
                ["model.onnx", "model.onnx.data"],
                folder.EnumerateFiles().Select(file => file.Name).Order(StringComparer.Ordinal)
            );
            return runtime.CreateSession(path, new SessionSettings { Name = graph.Name });
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static Tensor Copy(Tensor tensor)
    {
        var copy = Tensor.Zeros(tensor.DType, tensor.Shape);
        tensor.ReadBytes(0, (int)tensor.ByteLength).CopyTo(copy.WriteBytes(0, (int)copy.ByteLength));
        return copy;
    }

    private T Own<T>(T resource)
        where T : IDisposable
    {
        _owned.Add(resource);
        return resource;
    }
}
