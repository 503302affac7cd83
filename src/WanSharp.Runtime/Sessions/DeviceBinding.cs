using WanSharp.Runtime.Native;

namespace WanSharp.Runtime;

/// <summary>Runs a session with results left on its device, where the plain call would copy them to the host.</summary>
internal sealed unsafe class DeviceBinding : IDisposable
{
    private readonly Session _session;
    private readonly OrtIoBindingHandle _binding;

    public DeviceBinding(Session session, DeviceMemory device)
    {
        _session = session;
        Device = device;
        var api = session.Handle.Api;
        using var held = session.Handle.Hold();
        nint pointer;
        api.Check(api.Table->CreateIoBinding(held.Pointer, &pointer), $"preparing a run of graph '{session.Name}'");
        _binding = new OrtIoBindingHandle(api, pointer, session.Handle) { Turn = device.Turn };
    }

    /// <summary>Where results stay.</summary>
    public DeviceMemory Device { get; }

    /// <summary>Runs once.</summary>
    /// <param name="session">The session.</param>
    /// <param name="options">Options of the run.</param>
    /// <param name="names">The inputs' names, then the outputs'.</param>
    /// <param name="values">Their values; an output that is 0 is made on the device and put there.</param>
    /// <returns>The library's status.</returns>
    public nint Run(nint session, nint options, byte** names, nint* values)
    {
        var table = _session.Handle.Api.Table;
        using var binding = _binding.Hold();
        using var turn = OrtHandle.Take(Device.Turn);
        try
        {
            var status = Bind(binding.Pointer, names, values);
            if (status == 0)
            {
                status = table->RunWithBinding(session, options, binding.Pointer);
            }

            return status != 0 ? status : Collect(binding.Pointer, values + _session.Inputs.Count);
        }
        finally
        {
            table->ClearBoundInputs(binding.Pointer); // what is bound would stay on the device
            table->ClearBoundOutputs(binding.Pointer);
        }
    }

    public void Dispose() => _binding.Dispose();

    private nint Bind(nint binding, byte** names, nint* values)
    {
        var table = _session.Handle.Api.Table;
        using var location = Device.Location.Hold();
        var count = _session.Inputs.Count + _session.Outputs.Count;
        for (var i = 0; i < count; i++)
        {
            var status =
                i < _session.Inputs.Count ? table->BindInput(binding, names[i], values[i])
                : values[i] != 0 ? table->BindOutput(binding, names[i], values[i])
                : table->BindOutputToDevice(binding, names[i], location.Pointer);
            if (status != 0)
            {
                return status;
            }
        }

        return 0;
    }

    /// <summary>Takes the outputs that the library made; those of the caller come as references, which are dropped.</summary>
    private nint Collect(nint binding, nint* outputs)
    {
        var (api, allocator) = (_session.Handle.Api, _session.Runtime.DefaultAllocator);
        nint* made;
        nuint count;
        var status = api.Table->GetBoundOutputValues(binding, allocator, &made, &count);
        if (status != 0)
        {
            return status;
        }

        for (var i = 0; i < (int)count; i++)
        {
            if (outputs[i] == 0)
            {
                outputs[i] = made[i];
            }
            else
            {
                api.Table->ReleaseValue(made[i]);
            }
        }

        return api.Table->AllocatorFree(allocator, made);
    }
}
