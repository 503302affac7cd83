using WanSharp.Tensors;

namespace WanSharp.Models.Tests.Detection;

/// <summary>Changes one tensor of a checkpoint: loses it, adds one, or gives one another name, type or shape.</summary>
/// <param name="tensors">The checkpoint's tensors; they stay their owner's.</param>
/// <param name="seed">The same seed gives the same changes.</param>
internal sealed class CheckpointMutator(IReadOnlyDictionary<string, Tensor> tensors, int seed) : IDisposable
{
    private static readonly string[] Beside =
    [
        "weight",
        "bias",
        "scale",
        "weight_scale",
        "scale_weight",
        "weight_scale_inv",
        "weight_scale_2",
        "input_scale",
        "comfy_quant",
        "zero_point",
        "weight._data",
        "weight._scale",
        "int8_weight",
        "lora_A.weight",
        "lora_down.weight",
        "alpha",
        "norm.weight",
        "weight_g",
        "diff",
        "qweight",
        "absmax",
    ];

    private static readonly string[] Anywhere =
    [
        "extra.weight",
        "scaled_fp8",
        "freqs",
        "blocks.9.modulation",
        "ref_conv.weight",
        "fps_embedding.weight",
        "img_emb.emb_pos",
        "optimizer.step",
        "logit_scale",
    ];

    private static readonly DType[] Types =
    [
        DType.F32,
        DType.F16,
        DType.BF16,
        DType.F8E4M3,
        DType.F8E5M2,
        DType.I8,
        DType.U8,
        DType.I32,
        DType.I64,
        DType.Bool,
    ];

    private readonly Random _random = new(seed);
    private readonly List<Tensor> _made = [];

    /// <summary>What was changed last.</summary>
    public string Change { get; private set; } = "";

    /// <summary>The tensors with one change.</summary>
    public Dictionary<string, Tensor> Next()
    {
        _made.ForEach(tensor => tensor.Dispose());
        _made.Clear();
        var mutated = new Dictionary<string, Tensor>(tensors);
        List<string> names = [.. tensors.Keys];
        var name = names[_random.Next(names.Count)];
        switch (_random.Next(6))
        {
            case 0:
                mutated.Remove(name);
                Change = $"without {name}";
                break;
            case 1:
                Add(mutated, name);
                break;
            case 2:
                Rename(mutated, names, name);
                break;
            case 3:
                Relabel(mutated, name);
                break;
            case 4:
                Convert(mutated, name);
                break;
            default:
                Reshape(mutated, name);
                break;
        }

        return mutated;
    }

    public void Dispose() => _made.ForEach(tensor => tensor.Dispose());

    private void Add(Dictionary<string, Tensor> mutated, string name)
    {
        var layer = name[..Math.Max(0, name.LastIndexOf('.'))];
        var added = _random.Next(3) == 0 ? Anywhere[_random.Next(Anywhere.Length)] : $"{layer}.{Beside[_random.Next(Beside.Length)]}";
        Shape shape = _random.Next(3) switch
        {
            0 => Shape.Scalar,
            1 => [mutated[name].Shape.Rank == 0 ? 1 : mutated[name].Shape[0]],
            _ => mutated[name].Shape,
        };
        var values = new float[shape.ElementCount];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (float)((_random.NextDouble() * 4) - 2);
        }

        using var floats = Tensor.CopyOf<float>(shape, values);
        if (mutated.TryAdd(added, Keep(floats.ConvertTo(Types[_random.Next(5)]))))
        {
            Change = $"with {added} {shape}";
        }
        else
        {
            mutated[added] = tensors[added];
            Change = "nothing";
        }
    }

    private void Rename(Dictionary<string, Tensor> mutated, List<string> names, string name)
    {
        var parts = name.Split('.');
        var part = _random.Next(parts.Length);
        var other = names[_random.Next(names.Count)].Split('.');
        var renamed = _random.Next(5) switch
        {
            0 => string.Join('.', parts.Index().Select(item => item.Index == part ? other[_random.Next(other.Length)] : item.Item)),
            1 => string.Join('.', parts.Index().Select(item => item.Index == part ? item.Item + "x" : item.Item)),
            2 => name[..^parts[^1].Length] + Beside[_random.Next(Beside.Length)],
            3 => "module." + name,
            _ => string.Join('.', parts.Index().Where(item => item.Index != part).Select(item => item.Item)),
        };
        Change = $"{name} as {renamed}";
        if (renamed.Length > 0 && !mutated.ContainsKey(renamed))
        {
            mutated.Remove(name, out var tensor);
            mutated.Add(renamed, tensor!);
        }
    }

    /// <summary>The same bytes under a type of the same length.</summary>
    private void Relabel(Dictionary<string, Tensor> mutated, string name)
    {
        var tensor = tensors[name];
        List<DType> fitting = [.. Types.Where(type => type.ByteSize() == tensor.DType.ByteSize() && type != tensor.DType)];
        if (fitting.Count == 0 || tensor.DType.BlockLength() > 1)
        {
            Change = "nothing";
            return;
        }

        var relabelled = Keep(Tensor.Zeros(fitting[_random.Next(fitting.Count)], tensor.Shape));
        tensor.ReadBytes(0, (int)tensor.ByteLength).CopyTo(relabelled.WriteBytes(0, (int)tensor.ByteLength));
        mutated[name] = relabelled;
        Change = $"{name} of {tensor.DType} called {relabelled.DType}";
    }

    /// <summary>The same numbers in another type.</summary>
    private void Convert(Dictionary<string, Tensor> mutated, string name)
    {
        var to = Types[_random.Next(Types.Length)];
        using var floats = tensors[name].ConvertTo(DType.F32);
        if (to <= DType.F8E5M2)
        {
            mutated[name] = Keep(floats.ConvertTo(to));
        }
        else
        {
            var whole = Keep(Tensor.Zeros(to, tensors[name].Shape));
            for (var i = 0; i < floats.Shape.ElementCount; i++)
            {
                whole.WriteBytes((long)i * to.ByteSize(), 1)[0] = unchecked((byte)(sbyte)Math.Clamp(floats.Read<float>()[i], -127, 127));
            }

            mutated[name] = whole;
        }

        Change = $"{name} of {tensors[name].DType} as {to}";
    }

    private void Reshape(Dictionary<string, Tensor> mutated, string name)
    {
        List<long> dims = [.. tensors[name].Shape];
        switch (_random.Next(4))
        {
            case 0:
                dims.Insert(_random.Next(dims.Count + 1), 1);
                break;
            case 1 when dims.Count > 1:
                dims.Reverse();
                break;
            case 2 when dims.Count > 1:
                var at = _random.Next(dims.Count - 1);
                dims[at] *= dims[at + 1];
                dims.RemoveAt(at + 1);
                break;
            default:
                var even = dims.FindIndex(dim => dim % 2 == 0);
                if (even >= 0)
                {
                    var other = _random.Next(dims.Count + 1);
                    dims[even] /= 2;
                    if (other == dims.Count)
                    {
                        dims.Add(2);
                    }
                    else
                    {
                        dims[other] *= 2;
                    }
                }

                break;
        }

        mutated[name] =
            tensors[name].DType.BlockLength() == 1 || dims[^1] % tensors[name].DType.BlockLength() == 0
                ? tensors[name].Reshape(Shape.Create([.. dims]))
                : tensors[name];
        Change = $"{name} {tensors[name].Shape} as {mutated[name].Shape}";
    }

    private Tensor Keep(Tensor tensor)
    {
        _made.Add(tensor);
        return tensor;
    }
}
