import { describe, expect, it } from 'vitest';
import type { Figure } from '../../schemas/target.js';
import { loadTarget, targetNames } from '../../targets/load.js';

describe('targets', () => {
  it('are all valid, carry their own name, and can be loaded from their text', () => {
    expect(targetNames()).toEqual(['ideal', 'loihi1', 'loihi2', 'speck', 'tiny', 'truenorth']);
    for (const name of targetNames()) {
      const target = loadTarget(name);
      expect(target.name).toBe(name);
      expect(loadTarget(JSON.stringify(target))).toEqual(target);
    }
  });

  it('are refused by a name that does not exist, and as text that breaks the schema', () => {
    expect(() => loadTarget('loihi9')).toThrow(
      /SW2201 target "loihi9": .*ideal, loihi1, loihi2, speck, tiny, truenorth/,
    );
    expect(() => loadTarget('../package')).toThrow(/SW2201/);
    expect(() => loadTarget('{"formatVersion": 1}')).toThrow(/SW1022/);
    const { mesh, ...rest } = loadTarget('tiny');
    expect(() => loadTarget(JSON.stringify({ ...rest, mesh: { ...mesh, rows: -1 } }))).toThrow(/SW1023.*mesh\.rows/);
    const clockless = { ...rest, mesh, timing: { ...rest.timing, clock: 'asynchronous' } };
    expect(() => loadTarget(JSON.stringify(clockless))).toThrow(/SW1023.*clockFrequency/);
  });

  it('has Loihi as published', () => {
    const { limits, arithmetic, mesh, energyProfiles, defaultEnergyProfile, timing } = loadTarget('loihi1');
    const value = ({ value }: Figure) => value;
    expect([limits.coresPerChip, limits.compartmentsPerCore, limits.synapseMemoryPerCore].map(value)).toEqual([
      128, 1024, 131072,
    ]);
    expect([limits.inputAxonsPerCore, limits.outputAxonsPerCore, limits.synapsesPerEntry].map(value)).toEqual([
      4096, 4096, 60,
    ]);
    expect(mesh.columns * mesh.rows * mesh.coresPerTile).toBe(128);
    expect(arithmetic.compare).toBe('>');
    expect(arithmetic.membraneMax).toBe(2 ** 23 - 1);
    expect(arithmetic.inputMax).toBe(2 ** 21);
    expect(defaultEnergyProfile).toBe('davies2018-presilicon');
    expect(energyProfiles['davies2018-presilicon']!.synapticOperation.value).toBe(23.6);
    expect(energyProfiles['sanafe-nahuku-fit']!.synapticOperation.value).toBe(33.6);
    expect(timing.synapticOperation.value).toBe(3.5);
  });

  it('never mixes sources within an energy profile', () => {
    const { energyProfiles } = loadTarget('loihi1');
    for (const { description: _, staticPower: __, ...events } of Object.values(energyProfiles)) {
      const sources = Object.values(events).flatMap((figure) => (figure.value === null ? [] : [figure.source]));
      expect(new Set(sources).size).toBe(1);
    }
  });

  it('tells source and date of every figure of a real chip, and the note of every unknown one', () => {
    for (const name of ['loihi1', 'loihi2', 'speck', 'truenorth']) {
      const { limits, arithmetic, mesh, timing, energyProfiles } = loadTarget(name);
      const figures = [limits, limits.populationAxon ?? {}, mesh, timing, ...Object.values(energyProfiles)]
        .flatMap((record): unknown[] => Object.values(record))
        .concat(timing.barrier.map(({ time }) => time))
        .filter((value): value is Figure => typeof value === 'object' && value !== null && 'unit' in value);
      expect(figures.length).toBeGreaterThan(40);
      for (const figure of figures) {
        if (figure.value !== null) expect([name, figure.source, figure.date]).not.toContain(undefined);
        else expect(figure.note).not.toBe('');
      }
      for (const { source, date } of [arithmetic, mesh]) expect([name, source, date]).not.toContain(undefined);
    }
  });

  it('has no energy of Loihi 2, and Loihi 1’s times divided as Intel’s brief says', () => {
    const { energyProfiles, timing } = loadTarget('loihi2');
    const { description: _, ...energies } = energyProfiles.unpublished!;
    expect(Object.values(energies).map(({ value }) => value)).toEqual(Array(12).fill(null));
    const before = loadTarget('loihi1').timing;
    expect(timing.synapticOperation.value).toBeCloseTo(before.synapticOperation.value! / 5, 12);
    expect(timing.neuronUpdateActive.value).toBeCloseTo(before.neuronUpdateActive.value! / 2, 12);
    expect(timing.neuronUpdateInactive.value).toBeCloseTo(before.neuronUpdateInactive.value! / 2, 12);
  });
});
