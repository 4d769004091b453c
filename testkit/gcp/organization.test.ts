// Tests of the organizations that the fake serves: how they are built, and what can happen to them.
import { describe, expect, test } from 'vitest';
import { createOrganization } from './create-organization.ts';
import {
  addFolder,
  addProject,
  labelProject,
  moveFolder,
  moveProject,
  purgeFolder,
  purgeProject,
  renameFolder,
  requestFolderDeletion,
  requestProjectDeletion,
  transferProject,
  undeleteFolder,
  undeleteProject,
} from './mutations.ts';
import { listAncestry } from './organization.ts';

describe('building', () => {
  test('the same plan gives the same organization, another id or seed another one', () => {
    const plan = { id: '123', projects: 30, folders: 10 };

    const organization = createOrganization(plan);

    expect(createOrganization(plan)).toEqual(organization);
    expect(
      createOrganization({ ...plan, id: '124' })
        .projects.keys()
        .next(),
    ).not.toEqual(organization.projects.keys().next());
    expect(
      createOrganization({ ...plan, seed: 2 })
        .projects.keys()
        .next(),
    ).not.toEqual(organization.projects.keys().next());
  });

  test('it has as many projects and folders as asked for, as deep as asked for', () => {
    const organization = createOrganization({ id: '123', projects: 500, folders: 60, depth: 10 });

    const depths = [...organization.folders.keys()].map((name) => listAncestry(organization, name).length - 1);
    expect([organization.projects.size, organization.folders.size]).toEqual([500, 60]);
    expect(Math.max(...depths)).toBe(10);
  });

  test('siblings have names of their own, numbers twelve digits, and ids at most thirty characters', () => {
    const { folders, projects } = createOrganization({ id: '123', projects: 2000, folders: 200 });

    const places = [...folders.values()].map((folder) => `${folder.parent}/${folder.display_name}`);
    expect(new Set(places).size).toBe(200);
    expect([...projects.keys()].every((name) => /^projects\/[1-9]\d{11}$/.test(name))).toBe(true);
    expect([...projects.values()].every(({ project_id: id }) => /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/.test(id))).toBe(true);
    expect(new Set([...projects.values()].map(({ project_id: id }) => id)).size).toBe(2000);
  });

  test('some projects and one folder are to be deleted, some projects have no name and some no labels', () => {
    const { folders, projects } = createOrganization({ id: '123', projects: 100, folders: 20 });
    const all = [...projects.values()];

    expect(all.filter((project) => project.state === 'DELETE_REQUESTED')).toHaveLength(5);
    expect(all.filter((project) => project.delete_time !== null)).toHaveLength(5);
    expect([...folders.values()].filter((folder) => folder.state === 'DELETE_REQUESTED')).toHaveLength(1);
    expect(all.some((project) => project.display_name === '')).toBe(true);
    expect(all.some((project) => Object.keys(project.labels).length === 0)).toBe(true);
  });

  test('an id that is no number is a mistake', () => {
    expect(() => createOrganization({ id: 'organizations/1' })).toThrow('not the number');
  });
});

describe('changes', () => {
  const at = new Date('2026-03-01T00:00:00Z');
  const start = () => {
    const organization = createOrganization({ id: '123', projects: 12, folders: 8 });
    const [folder = '', other = ''] = [...organization.folders.values()]
      .filter(({ parent, state }) => parent === organization.name && state === 'ACTIVE')
      .map(({ name }) => name);
    const [project = ''] = [...organization.projects.values()]
      .filter(({ state }) => state === 'ACTIVE')
      .map(({ name }) => name);
    return { organization, folder, other, project };
  };

  test('a project is marked, brought back, marked again and purged', () => {
    const { organization, project } = start();

    expect(() => purgeProject(organization, project)).toThrow('not requested');
    requestProjectDeletion(organization, project, at);
    expect(organization.projects.get(project)).toMatchObject({ state: 'DELETE_REQUESTED', delete_time: at });
    undeleteProject(organization, project, at);
    expect(organization.projects.get(project)).toMatchObject({ state: 'ACTIVE', delete_time: null, update_time: at });
    requestProjectDeletion(organization, project, at);
    purgeProject(organization, project);

    expect(organization.projects.has(project)).toBe(false);
  });

  test('a project gets labels, moves, and leaves for another organization', () => {
    const { organization, project, folder } = start();
    const target = createOrganization({ id: '999' });

    labelProject(organization, project, { env: 'prod' }, at);
    moveProject(organization, project, folder, at);
    expect(organization.projects.get(project)).toMatchObject({ labels: { env: 'prod' }, parent: folder });
    expect(() => moveProject(organization, project, 'folders/1')).toThrow('has no folders/1');
    transferProject(organization, project, target, at);

    expect(organization.projects.has(project)).toBe(false);
    expect(target.projects.get(project)).toMatchObject({ parent: target.name });
  });

  test('a folder is deleted only when nothing active is in it, and purged only when nothing is', () => {
    const { organization, folder } = start();
    addFolder(organization, { name: 'folders/7', parent: folder, display_name: 'Seven' });
    addProject(organization, { name: 'projects/7', project_id: 'seven-seven', parent: 'folders/7' });

    expect(() => requestFolderDeletion(organization, 'folders/7')).toThrow('in use');
    requestProjectDeletion(organization, 'projects/7');
    requestFolderDeletion(organization, 'folders/7', at);
    expect(() => purgeFolder(organization, 'folders/7')).toThrow('not empty');
    undeleteFolder(organization, 'folders/7', at);
    expect(() => purgeFolder(organization, 'folders/7')).toThrow('not requested');
    purgeProject(organization, 'projects/7');
    requestFolderDeletion(organization, 'folders/7', at);
    purgeFolder(organization, 'folders/7');

    expect(organization.folders.has('folders/7')).toBe(false);
  });

  test('a folder moves with all below it, but not below itself and not too deep', () => {
    const { organization, folder, other } = start();
    addFolder(organization, { name: 'folders/7', parent: folder, display_name: 'Seven' });

    moveFolder(organization, folder, other, at);

    expect(listAncestry(organization, 'folders/7')).toEqual(['folders/7', folder, other, organization.name]);
    expect(() => moveFolder(organization, other, 'folders/7')).toThrow('is below');
    let parent = 'folders/7';
    for (let number = 8; number <= 14; number += 1) {
      addFolder(organization, { name: `folders/${number}`, parent, display_name: `Folder ${number}` });
      parent = `folders/${number}`;
    }
    expect(() => addFolder(organization, { name: 'folders/15', parent, display_name: 'Fifteen' })).toThrow('10 deep');
    expect(() => moveFolder(organization, folder, other)).not.toThrow();
  });

  test('siblings cannot have one name, and each change counts as a revision', () => {
    const { organization, folder, other } = start();
    const before = organization.revision;

    expect(() => renameFolder(organization, folder, organization.folders.get(other)?.display_name ?? '')).toThrow(
      'already has a folder',
    );
    renameFolder(organization, folder, 'Renamed', at);

    expect(organization.folders.get(folder)).toMatchObject({ display_name: 'Renamed', update_time: at });
    expect(organization.revision).toBe(before + 1);
  });
});
